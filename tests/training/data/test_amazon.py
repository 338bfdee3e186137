import gzip
import json

import numpy as np
import pytest

from tests.training.data.pictures import BLUE, GREEN, RED, by_id, jpeg, read, write
from training.batches import group_products
from training.data import Product

HOST = "http://ecx.example.com/images/I"
OF_2014 = {
    "asin": "B000000001",
    "title": "Alder Women&#39;s Silk Dress",
    "description": "A dress of silk, cut &amp; sewn by hand.",
    "brand": "Alder",
    "price": 19.5,
    "imUrl": f"{HOST}/21a%2Bb._SY300_.jpg",
    "categories": [["Clothing, Shoes & Jewelry", "Women", "Clothing", "Dresses", "Casual"], ["Outlet"]],
}
OF_2018 = {
    "asin": "B000000002",
    "title": "Birch Men's Boots",
    "description": ["<b>Boots</b> of leather.", "", "Warm."],
    "brand": "Birch",
    "price": "$80.00",
    "imageURL": [f"{HOST}/small2._US40_.jpg"],
    "imageURLHighRes": [f"{HOST}/gone2.jpg", f"{HOST}/large2.jpg"],
    "category": ["Clothing, Shoes & Jewelry", "Men", "Shoes", "Boots", "Sturdy soles that keep the water out of them"],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    lines = [
        repr(OF_2014).encode(),  # as the older files are: a Python literal
        json.dumps(OF_2018).encode(),
        b'{"asin": "B000000003", "title": "Cut of',
        b'{"asin": "B000000004", "title": "Not UTF-8 \xff"}',
        b"",
        json.dumps({"asin": "B000000005", "title": "Same Picture as the Dress"}).encode(),
        json.dumps({"asin": "B000000006", "title": "Broken Picture"}).encode(),
        json.dumps({"asin": "B000000007", "title": "No Picture", "imUrl": f"{HOST}/gone7.jpg"}).encode(),
        json.dumps({"asin": "B000000008"}).encode(),
        json.dumps({"asin": "B000000002", "title": "Birch Men's Boots again"}).encode(),
        json.dumps({"asin": "B000000009", "title": "var aPageStart = (new Date()).getTime();"}).encode(),
        json.dumps(["B000000010"]).encode(),
    ]
    folder = tmp_path / "amazon"
    write(folder / "meta_Clothing.json.gz", gzip.compress(b"\n".join(lines) + b"\n"))
    write(folder / "reviews_Clothing.json.gz", gzip.compress(b'{"reviewerID": "A1", "asin": "B000000001"}\n'))
    write(folder / "images" / "21a+b._SY300_.jpg", jpeg(RED))
    write(folder / "images" / "small2._US40_.jpg", jpeg(GREEN))
    write(folder / "images" / "large2.jpg", jpeg(BLUE))
    write(folder / "images" / "B000000005.JPEG", jpeg(RED))
    write(folder / "images" / "B000000006.png", b"no picture")
    return folder


def test_records_of_both_releases_become_products(folder):
    products = by_id(folder)
    assert sorted(products) == ["B000000001", "B000000002", "B000000005"]
    assert products["B000000001"] == Product(
        catalogue="amazon",
        id="B000000001",
        name="Alder Women's Silk Dress",
        brand="Alder",
        description="A dress of silk, cut & sewn by hand.",
        gender="Women",
        category="Clothing",
        subcategory="Dresses",
        article_type="Casual",
        split="train",
    )
    assert products["B000000002"] == Product(
        catalogue="amazon",
        id="B000000002",
        name="Birch Men's Boots",
        brand="Birch",
        description="Boots of leather. Warm.",
        gender="Men",
        category="Shoes",
        subcategory="Boots",
        article_type="Boots",
        split="train",
    )


def test_the_largest_picture_that_is_there_is_taken(folder):
    catalogue = read(folder)
    (row,) = [row for row, product in enumerate(catalogue.products) if product.id == "B000000002"]
    assert np.abs(catalogue.pixels[row].mean(axis=(0, 1)) - BLUE).max() < 4


def test_products_with_one_picture_are_twins_and_never_negatives(folder):
    catalogue = read(folder)
    assert [product.twin for product in catalogue.products] == ["", "", "B000000001"]
    first, other, twin = group_products(catalogue.products)
    assert first == twin
    assert first != other


def test_what_cannot_be_used_is_named_and_counted(folder, capsys):
    read(folder)
    said = capsys.readouterr().err.splitlines()
    lines = f"{folder}/meta_Clothing.json.gz, line"
    assert said[0].startswith(f"{lines} 3: Neither JSON (Unterminated string starting at: line 1 column 33")
    assert said[1].startswith(f"{lines} 4: 'utf-8' codec can't decode byte 0xff")
    assert said[2:] == [
        f"{lines} 8, product B000000007: there is no picture",
        f"{lines} 9: The record has no title.",
        f"{lines} 10: The product B000000002 occurs twice.",
        f"{lines} 11: The title is a part of a page's script.",
        f"{lines} 12: The line holds no record of names and values.",
        f"{folder}/images/B000000006.png: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture.",
        "amazon: 3 products, 6 lines skipped, 1 picture unreadable, 1 picture missing",
    ]


def test_a_second_call_says_the_counts_only(folder, capsys):
    read(folder)
    capsys.readouterr()
    read(folder)
    said = capsys.readouterr().err
    assert said == "amazon: 3 products, 6 lines skipped, 1 picture unreadable, 1 picture missing\n"


def test_a_file_that_ends_early_gives_what_it_holds(folder, capsys):
    whole = (folder / "meta_Clothing.json.gz").read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    cut = gzip.compress(lines[0]) + gzip.compress(lines[1])[:-9]
    (folder / "meta_Clothing.json.gz").write_bytes(cut)
    assert "B000000001" in by_id(folder)
    assert (
        "Compressed file ended before the end-of-stream marker was reached; the rest"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"categories": [["Shoes", "Men", "Boots"], ["Sale", "Hats"]]}, ("Men", "Boots", "", "Boots")),
        ({"categories": [["Amazon Fashion"]]}, ("", "Amazon Fashion", "", "Amazon Fashion")),
        ({"category": ["A", "Baby Girls", "B", "C", "D", "Imported"]}, ("Baby Girls", "B", "C", "D")),
        ({"category": ["A", "B", "</span>", "C"]}, ("", "B", "", "B")),
        ({"category": ["A &amp; B"]}, ("", "A & B", "", "A & B")),
        ({"category": []}, ("", "", "", "")),
        ({"category": 7}, ("", "", "", "")),
        ({}, ("", "", "", "")),
    ],
)
def test_a_category_path_becomes_facts(tmp_path, record, expected):
    line = json.dumps({"asin": "1", "title": "Alder", **record})
    write(tmp_path / "amazon" / "meta.json.gz", gzip.compress(line.encode()))
    write(tmp_path / "amazon" / "images" / "1.jpg", jpeg(RED))
    (product,) = read(tmp_path / "amazon").products
    assert (product.gender, product.category, product.subcategory, product.article_type) == expected


def test_the_picture_that_says_no_picture_is_none(tmp_path, capsys):
    name = "no-img-sm._CB192198896_.gif"
    line = json.dumps({"asin": "1", "title": "Alder", "imUrl": f"http://g-ecx.example.com/icons/{name}"})
    write(tmp_path / "amazon" / "meta.json.gz", gzip.compress(line.encode()))
    write(tmp_path / "amazon" / "images" / name, jpeg(RED))
    assert read(tmp_path / "amazon").products == ()
    assert capsys.readouterr().err.endswith("amazon: 0 products, 1 picture missing\n")


def test_half_a_surrogate_pair_does_not_reach_the_tokenizer(tmp_path):
    line = b'{"asin": "\\ud83d", "title": "Alder \\ud83d"}'
    write(tmp_path / "amazon" / "meta.json.gz", gzip.compress(line))
    write(tmp_path / "amazon" / "images" / "x.jpg", jpeg(RED))
    line = b'{"asin": "x", "title": "Alder \\ud83d Dress"}'
    write(tmp_path / "amazon" / "meta_2.json.gz", gzip.compress(line))
    assert [product.name for product in read(tmp_path / "amazon").products] == ["Alder ? Dress"]
