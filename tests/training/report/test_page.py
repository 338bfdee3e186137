"""The whole page, from the tiny artifact and a drawn catalogue whose names try to be markup."""

import csv
import gzip
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import write_catalogue
from training.__main__ import main
from training.data import read_catalogue
from training.evaluation.evaluators import open_model
from training.evaluation.retrieval import image_to_image, image_to_text, text_to_image
from training.report.page import Cell, figure_rows, printed, setting_rows
from training.report.subjects import flatten, labels

SECTIONS = ["figures", "curves", "plane", "texts", "pictures", "tags", "words", "mistakes"]
HISTORY = [
    {"epoch": 1, "stage": "contrastive", "loss": 3.0, "text_to_image": {"mrr@10": 0.1}},
    {"epoch": 2, "stage": "<b>triplet</b>", "loss": 1.0, "text_to_image": {"mrr@10": 0.2}},
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two artifacts of different joint spaces; the second also has what a run keeps."""
    root = tmp_path_factory.mktemp("report")
    write_tiny_artifact(root / "one")
    write_tiny_artifact(root / "two & <b>", seed=8)
    (root / "two & <b>" / "state.json").write_text(json.dumps({"epoch": 2, "history": HISTORY}))
    (root / "two & <b>" / "config.json").write_text('{"name": "two", "stages": [{"loss": "a < b"}]}')
    data = write_catalogue(root / "shop", 160)
    rename(data / "products.csv.gz")
    return root, data


def rename(file):
    with gzip.open(file, "rt", newline="") as opened:
        rows = list(csv.DictReader(opened))
    with gzip.open(file, "wt", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "name": f"{row['colour']} <i>Tshirt</i> & Co {row['id']}"} for row in rows)


@pytest.fixture(scope="module")
def page(folders):
    root, data = folders
    assert report(root, data, "page.html") == 0
    return (root / "page.html").read_text(encoding="utf-8")


def report(root, data, out, *more):
    arguments = ["report", str(root / "one"), str(root / "two & <b>"), "--data", str(data)]
    return main([*arguments, "--cache", str(root / "cache"), "--out", str(root / out), *more])


class Seen(HTMLParser):
    """Collects ids, attributes that could lead out of the page, and whether every tag is closed."""

    EMPTY = ("meta", "input", "rect", "br")

    def __init__(self, page):
        super().__init__()
        self.ids, self.outward, self.tags, self.open = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids.extend(value for key, value in attrs if key == "id")
        self.outward.extend(value for key, value in attrs if key in ("src", "href", "action", "srcset"))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_every_section_is_there_and_every_tag_closed(page):
    seen = Seen(page)
    assert [name for name in seen.ids if name in SECTIONS] == SECTIONS
    assert seen.open == []


def test_nothing_leads_out_of_the_page(page):
    assert sorted(set(Seen(page).outward)) == sorted(f"#{name}" for name in SECTIONS)
    assert not re.search(r"https?:|//\w+\.\w|@import|url\((?!data:image/jpeg;base64,)", page)


def test_names_are_escaped(page):
    assert "Red &lt;i&gt;Tshirt&lt;/i&gt; &amp; Co 0" in page
    assert "i" not in Seen(page).tags
    assert "b" not in Seen(page).tags
    assert "<h3>two &amp; &lt;b&gt;</h3>" in page
    assert "&lt;b&gt;triplet&lt;/b&gt;" in page
    assert "a &lt; b" in page


def test_figures_are_those_of_evaluate(page, folders):
    root, data = folders
    parts = re.findall(r'scope="rowgroup">([^<]+)</th>(.*?)</tbody>', page, re.DOTALL)
    row = re.compile(r'<tr><th scope="row">([^<]+)</th>\s*((?:<td.*?</td>\s*)+)</tr>')
    shown = {(direction, metric): cells for direction, rows in parts for metric, cells in row.findall(rows)}
    assert [direction for direction, _ in parts] == ["text to image", "image to text", "image to image"]
    for number, name in enumerate(("one", "two & <b>")):
        model = open_model(root / name)
        held = read_catalogue(
            [data], split="val", spec=model.spec, cache=root / "cache", held_out=True, progress=False
        )
        pictures, products = model.encode_pixels(held.pixels), held.products
        expected = {
            "text to image": text_to_image(products, products, pictures, model.encode_texts),
            "image to text": image_to_text(products, products, pictures, model.encode_texts),
            "image to image": image_to_image(products, pictures),
        }
        figures = {
            (direction, metric.replace("_", " ")): printed(metric, value)
            for direction, measured in expected.items()
            for metric, value in measured.items()
        }
        assert figures == {
            key: re.findall(r"<td[^>]*>([\d.,]+)", cells)[number] for key, cells in shown.items()
        }


def test_success_by_category_sums_to_the_whole(page):
    table = page[page.index("<h3>By category</h3>") :]
    row = re.search(r'<th scope="row">[^<]+</th>\s*<td>(\d+)</td>', table)
    whole = re.search(r'<th scope="row">success@10</th>\s*<td[^>]*>([\d.]+)', page)
    share = re.search(r'class="value">([\d.]+)', table)
    assert row[1] == re.search(r'<th scope="row">queries</th>\s*<td>(\d+)', page)[1]
    assert share[1] == whole[1]


def test_every_picture_shown_has_its_rule(page):
    used = set(re.findall(r'"picture (p\d+)"|data-picture="(p\d+)"', page))
    rules = re.findall(r"\.(p\d+)\{background-image", page)
    assert {first or second for first, second in used} == set(rules)
    assert len(rules) == len(set(rules)) > 9


def test_the_curves_are_those_of_the_run(page):
    assert "An artifact keeps no history of its training." in page
    assert "loss, epoch 2: 1.000" in page


def test_the_plane_has_as_many_pairs_as_asked(folders, page):
    assert page.count('<g class="pair ') == 2 * 40  # all val products of both
    root, data = folders
    assert report(root, data, "small.html", "--sample", "7") == 0
    assert (root / "small.html").read_text().count('<g class="pair ') == 2 * 7


def test_the_same_seed_gives_the_same_page(folders, page):
    root, data = folders
    assert report(root, data, "again.html") == 0
    assert (root / "again.html").read_text(encoding="utf-8") == page


def test_one_subject_needs_no_comparison(folders):
    root, data = folders
    arguments = ["report", str(root / "one"), "--data", str(data), "--cache", str(root / "cache")]
    assert main([*arguments, "--out", str(root / "new" / "one.html")]) == 0
    page = (root / "new" / "one.html").read_text()
    assert 'class="best"' not in page
    assert '<input type="radio"' not in page


def test_what_is_missing_is_named(folders, tmp_path, capsys):
    root, data = folders
    arguments = ["report", str(tmp_path), "--data", str(data), "--out", str(tmp_path / "page.html")]
    assert main(arguments) == 2
    assert "no finished epoch" in capsys.readouterr().err
    twice = ["report", str(root / "one"), str(root / "one"), *arguments[2:]]
    assert main(twice) == 2
    assert "named twice" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()


def test_a_catalogue_without_val_products_is_refused(folders, tmp_path, capsys):
    root, _ = folders
    data = write_catalogue(tmp_path / "shop", 1)
    arguments = ["report", str(root / "one"), "--data", str(data), "--out", str(tmp_path / "page.html")]
    assert main([*arguments, "--cache", str(tmp_path / "cache")]) == 2
    assert "a report needs two" in capsys.readouterr().err


@dataclass
class Measured:
    figures: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)


def row(first, second, metric):
    subjects = [Measured({"text to image": {metric: value}}) for value in (first, second)]
    return figure_rows(subjects)[0].cells


def test_the_best_is_marked():
    assert row(0.25, 0.5, "recall@10") == (Cell("0.250", False), Cell("0.500", True))
    assert row(3.0, 27.5, "median_rank") == (Cell("3", True), Cell("27.5", False))


def test_what_is_printed_alike_is_not_marked():
    assert row(0.25001, 0.25002, "recall@10") == (Cell("0.250", False), Cell("0.250", False))
    assert row(1985, 41408, "gallery") == (Cell("1,985", False), Cell("41,408", False))


def test_a_figure_that_one_lacks():
    subjects = [Measured({"text to image": {"recall@10": 0.5}}), Measured()]
    assert figure_rows(subjects)[0].cells == (Cell("0.500", False), Cell("-", False))


def test_settings_differ_or_are_shared():
    runs = [Measured(settings={"seed": "1", "margin": "0.4"}), Measured(settings={"seed": "1"})]
    assert setting_rows(runs) == ([("margin", ["0.4", "default"])], [("seed", "1")])


def test_tables_of_a_configuration_are_flattened():
    content = {"seed": 1, "texts": {"name": 0.5}, "stages": [{"loss": "a"}, {"loss": "b", "flip": True}]}
    assert flatten(content) == {
        "seed": "1",
        "texts name": "0.5",
        "stages 1 loss": "a",
        "stages 2 loss": "b",
        "stages 2 flip": "true",
    }


def test_folders_of_one_name_are_told_apart(tmp_path):
    assert labels([tmp_path / "a" / "run", tmp_path / "b" / "run"]) == ["a/run", "b/run"]
    assert labels([tmp_path / "a", tmp_path / "b"]) == ["a", "b"]
    with pytest.raises(ValueError, match="named twice"):
        labels([tmp_path / "a", tmp_path / "a"])
