"""A shopper searches with a photo: from the file to filtered results, with a box."""

import csv
import gzip
import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect


@pytest.fixture(scope="session")
def garment(drawn_catalogue: Path) -> tuple[str, Image.Image]:
    """SKU and picture of a drawn dress."""
    with gzip.open(drawn_catalogue / "products.csv.gz", "rt", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["article_type"] == "Dresses")
    images = drawn_catalogue / "images"
    if images.is_dir():
        picture = Image.open(next(images.glob(f"{row['id']}.*")))
    else:
        with zipfile.ZipFile(drawn_catalogue / "images.zip") as packed:
            name = next(name for name in packed.namelist() if Path(name).stem == row["id"])
            picture = Image.open(io.BytesIO(packed.read(name)))
    return row["id"], picture.convert("RGB")


@pytest.fixture(scope="session")
def photo(garment: tuple[str, Image.Image], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of 12 megapixels, lying on its side as phones store them: the dress in the right half of a wall."""
    grain = Image.effect_noise((3000, 4000), 30)
    wall = Image.merge(
        "RGB", [grain.point(lambda value, mid=mid: value + mid - 128) for mid in (122, 142, 96)]
    )
    wall.paste(garment[1].resize((1350, 1800)), (1500, 1000))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    file = tmp_path_factory.mktemp("photo") / "IMG_0001.jpg"
    wall.rotate(90, expand=True).save(file, "JPEG", quality=92, exif=exif)
    return file


def skus(page: Page) -> list[str]:
    return [item.get_attribute("data-sku") or "" for item in page.locator("[data-sku]").all()]


def test_from_a_file_by_a_box_to_filtered_results(page: Page, photo: Path, garment):
    page.goto("/search/photo/")
    page.set_input_files("#image", photo)
    page.wait_for_url("**/search/?photo=*")
    expect(page.get_by_role("heading", name="Similar to your photo")).to_be_visible()
    whole = skus(page)
    shown = page.locator("#photo-preview")
    assert shown.evaluate("image => image.naturalWidth < image.naturalHeight"), "The photo is not upright."
    assert shown.evaluate("image => image.naturalHeight") == 1200  # it was made smaller before it was sent

    stage = page.locator("#photo-stage").bounding_box()
    assert stage is not None

    def at(x: float, y: float) -> tuple[float, float]:
        return stage["x"] + stage["width"] * x, stage["y"] + stage["height"] * y

    before = page.url
    page.mouse.move(*at(0.5, 0.25))
    page.mouse.down()
    page.mouse.move(*at(0.7, 0.5), steps=3)
    page.mouse.move(*at(0.95, 0.7), steps=3)
    page.mouse.up()
    page.wait_for_function("before => location.href !== before", arg=before)
    expect(page.locator("#results")).not_to_have_class(re.compile("htmx-request"))
    assert page.locator("#box").input_value() == "0.5000,0.2500,0.9500,0.7000"
    boxed = skus(page)
    assert boxed != whole
    assert garment[0] in boxed[:3], "What is in the box was not found."

    page.locator("#group-category input").first.check()
    page.get_by_role("list", name="Active filters").wait_for()
    page.get_by_label("Add words").fill("red")
    page.get_by_label("Add words").press("Enter")
    expect(page.get_by_role("heading", name="Similar to your photo, “red”")).to_be_visible()
    expect(page.locator("#photo-preview")).to_be_visible()


def test_a_box_by_keyboard_and_back_to_the_whole(page: Page, photo: Path):
    page.goto("/search/photo/")
    page.set_input_files("#image", photo)
    page.wait_for_url("**/search/?photo=*")
    part = page.get_by_role("button", name="Choose a part of the photo")
    part.click()
    box = page.get_by_role("group", name="Part of the photo to search with")
    expect(box).to_be_focused()
    assert page.locator("#box").input_value() == "0.1500,0.1000,0.8500,0.9000"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("#box")).to_have_value("0.1700,0.1000,0.8700,0.8800")
    page.get_by_role("button", name="Search with the whole photo").click()
    expect(page.locator("#box")).to_have_value("")
    expect(part).to_be_visible()


def test_what_is_no_photo_is_told_in_place(page: Page, tmp_path: Path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    page.goto("/search/photo/")
    page.set_input_files("#image", broken)
    expect(page.get_by_role("alert")).to_contain_text("Send a JPEG, PNG, WebP, AVIF or HEIC photo.")
    assert page.url.endswith("/search/photo/")
    page.set_input_files("#image", {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(page.locator("#photo-status")).to_have_text(
        "That is no picture. Send a JPEG, PNG, WebP, AVIF or HEIC photo."
    )


def test_without_scripts_a_photo_leads_to_its_results(browser, demo, photo: Path):
    context = browser.new_context(base_url=demo.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/search/photo/")
    small = io.BytesIO()
    Image.open(photo).resize((600, 450)).save(small, "JPEG")
    page.set_input_files(
        "#image", {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": small.getvalue()}
    )
    page.get_by_role("button", name="Find similar products").click()
    expect(page.get_by_role("heading", name="Similar to your photo")).to_be_visible()
    assert len(skus(page)) == 24
    context.close()


def test_a_photo_that_is_turned_away_can_be_sent_again(page: Page, photo: Path):
    page.goto("/search/photo/")
    page.route("**/search/photo/", lambda route: route.fulfill(status=503, body="<h1>Busy</h1>"))
    page.set_input_files("#image", photo)
    expect(page.get_by_role("alert")).to_contain_text("Try again in a few seconds.")
    expect(page.locator("#photo-preview")).to_be_visible()  # it is still there
    page.unroute("**/search/photo/")
    page.get_by_role("button", name="Find similar products").click()
    page.wait_for_url("**/search/?photo=*")
    expect(page.get_by_role("alert")).to_be_hidden()
