"""A shopper searches with a photo: from the file to filtered results, with a box."""

import csv
import gzip
import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.abuse.bad_pictures import written


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
    page.set_input_files("#fs-photo-file", photo)
    page.wait_for_url("**/search/?photo=*")
    expect(page.get_by_role("heading", name="Similar to your photo")).to_be_visible()
    whole = skus(page)
    shown = page.locator("#fs-photo-preview")
    assert shown.evaluate("image => image.naturalWidth < image.naturalHeight"), "The photo is not upright."
    assert shown.evaluate("image => image.naturalHeight") == 1200  # it was made smaller before it was sent

    stage = page.locator("#fs-photo-stage").bounding_box()
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
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    assert page.locator("#fs-photo-box-value").input_value() == "0.5000,0.2500,0.9500,0.7000"
    boxed = skus(page)
    assert boxed != whole
    assert garment[0] in boxed[:3], "What is in the box was not found."

    page.locator("#group-category input").first.check()
    page.get_by_role("list", name="Active filters").wait_for()
    page.get_by_label("Add words").fill("red")
    page.get_by_label("Add words").press("Enter")
    expect(page.get_by_role("heading", name="Similar to your photo, “red”")).to_be_visible()
    expect(page.locator("#fs-photo-preview")).to_be_visible()


def test_a_box_by_keyboard_and_back_to_the_whole(page: Page, photo: Path):
    page.goto("/search/photo/")
    page.set_input_files("#fs-photo-file", photo)
    page.wait_for_url("**/search/?photo=*")
    part = page.get_by_role("button", name="Choose a part")
    part.click()
    box = page.get_by_role("group", name="Part of the photo to search with")
    expect(box).to_be_focused()
    assert page.locator("#fs-photo-box-value").input_value() == "0.1500,0.1000,0.8500,0.9000"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("#fs-photo-box-value")).to_have_value("0.1700,0.1000,0.8700,0.8800")
    page.get_by_role("button", name="Search with the whole photo").click()
    expect(page.locator("#fs-photo-box-value")).to_have_value("")
    expect(part).to_be_visible()


def test_what_is_no_photo_is_told_in_place(page: Page, tmp_path: Path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    page.goto("/search/photo/")
    page.set_input_files("#fs-photo-file", broken)
    expect(page.get_by_role("alert")).to_contain_text("Send a JPEG, PNG, WebP, AVIF or HEIC photo.")
    assert page.url.endswith("/search/photo/")
    page.set_input_files("#fs-photo-file", {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(page.locator("#fs-photo-status")).to_have_text(
        "That is no picture. Send a JPEG, PNG, WebP, AVIF or HEIC photo."
    )


def test_without_scripts_a_photo_leads_to_its_results(browser, demo, photo: Path):
    context = browser.new_context(base_url=demo.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/search/photo/")
    small = io.BytesIO()
    Image.open(photo).resize((600, 450)).save(small, "JPEG")
    page.set_input_files(
        "#fs-photo-file", {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": small.getvalue()}
    )
    page.get_by_role("button", name="Find similar products").click()
    expect(page.get_by_role("heading", name="Similar to your photo")).to_be_visible()
    expect(page.locator("[data-sku]")).to_have_count(24)
    context.close()


def test_a_photo_that_is_turned_away_can_be_sent_again(page: Page, photo: Path):
    page.goto("/search/photo/")
    page.route("**/search/photo/", lambda route: route.fulfill(status=503, body="<h1>Busy</h1>"))
    page.set_input_files("#fs-photo-file", photo)
    expect(page.get_by_role("alert")).to_contain_text("Try again in a few seconds.")
    expect(page.locator("#fs-photo-preview")).to_be_visible()  # it is still there
    page.unroute("**/search/photo/")
    page.get_by_role("button", name="Find similar products").click()
    page.wait_for_url("**/search/?photo=*")
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.fixture(scope="session")
def upright(garment: tuple[str, Image.Image]) -> Image.Image:
    """The dress on white, small enough to be sent as it is."""
    frame = Image.new("RGB", (450, 600), "white")
    frame.paste(garment[1].resize((405, 540)), (22, 30))
    return frame


def as_file(picture: Image.Image, kind: str = "JPEG", called: str = "photo.jpg") -> FilePayload:
    """A picture as a browser is handed one."""
    return {"name": called, "mimeType": f"image/{kind.lower()}", "buffer": written(picture, kind)}


def results_of(page: Page) -> list[str]:
    """SKUs of the results, once the page has them."""
    page.wait_for_url("**/search/?photo=*")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    return skus(page)


def test_a_photo_on_its_side_is_turned_by_a_button(page: Page, upright: Image.Image, garment):
    page.goto("/search/photo/")
    page.set_input_files("#fs-photo-file", as_file(upright.transpose(Image.Transpose.ROTATE_90), "PNG"))
    results_of(page)
    turn = page.get_by_role("button", name="Turn")
    # Whatever the first look made of it: until it stands as the dress does.
    for _ in range(4):
        shown = page.locator("#fs-photo-preview").evaluate(
            "image => [image.naturalWidth, image.naturalHeight]"
        )
        if page.locator("#fs-photo-turn-value").input_value() == "90":
            break
        before = page.url
        turn.click()
        page.wait_for_function("before => location.href !== before", arg=before)
        results_of(page)
    assert shown == [450, 600]
    expect(page.get_by_text("We turned your photo by 90°.")).to_be_visible()
    assert results_of(page)[0] == garment[0]
    before = page.url
    page.get_by_role("link", name="Undo").click()
    page.wait_for_function("before => location.href !== before", arg=before)
    results_of(page)
    expect(page.locator("#fs-photo-turn-value")).to_have_value("0")
    expect(page.get_by_text("We turned your photo")).to_be_hidden()
    assert page.locator("#fs-photo-preview").evaluate("image => image.naturalWidth") == 600


def test_a_box_turns_with_its_photo(page: Page, upright: Image.Image):
    page.goto("/search/photo/")
    page.set_input_files("#fs-photo-file", as_file(upright))
    results_of(page)
    page.get_by_role("button", name="Choose a part").click()
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("#fs-photo-box-value")).to_have_value("0.1500,0.1000,0.8500,0.8800")
    page.get_by_role("button", name="Turn").click()
    expect(page.locator("#fs-photo-box-value")).to_have_value("0.1200,0.1500,0.9000,0.8500")
    expect(page.get_by_text("We turned your photo by 90°.")).to_be_visible()


def test_what_the_server_turned_is_shown_turned(page: Page, upright: Image.Image):
    def answer(route: Route) -> None:
        body = '<h1>Similar</h1><p data-turned="90">We turned your photo by 90°. <a class="fs-photo-undo" href="/">Undo</a></p>'
        route.fulfill(
            status=200, content_type="text/html", body=f'<div id="results" data-fs-results>{body}</div>'
        )

    page.goto("/search/photo/")
    page.route("**/search/photo/", answer)
    page.set_input_files("#fs-photo-file", as_file(upright.transpose(Image.Transpose.ROTATE_90)))
    expect(page.locator("#fs-photo-turn-value")).to_have_value("90")
    expect(page.locator("#fs-photo-preview")).to_have_js_property("naturalWidth", 450)


@pytest.mark.parametrize("width", [390, 1440])
def test_a_dot_on_a_piece_searches_with_it(page: Page, upright: Image.Image, width: int):
    def answer(route: Route) -> None:
        boxes = '<span hidden data-boxes="0.1,0.2,0.5,0.6 0.5,0.5,1,1 "></span>'
        part = 'name="box"\r\n\r\n0' in (route.request.post_data_buffer or b"").decode("latin-1")
        body = f'<div id="results" data-fs-results><h1>{"A part" if part else "All of it"}</h1>{"" if part else boxes}</div>'
        route.fulfill(status=200, content_type="text/html", body=body)

    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/search/photo/")
    page.route("**/search/photo/", answer)
    page.set_input_files("#fs-photo-file", as_file(upright))
    expect(page.get_by_text("Each dot is a piece in your photo")).to_be_visible()
    before = page.locator("#fs-photo-stage").bounding_box()
    dots = page.get_by_role("button", name="Search with piece")
    expect(dots).to_have_count(2)
    dots.nth(1).click()
    expect(page.locator("#fs-photo-box-value")).to_have_value("0.5000,0.5000,1.0000,1.0000")
    expect(page.get_by_role("heading", name="A part")).to_be_visible()
    assert (
        page.locator("#fs-photo-stage").bounding_box() == before
    )  # a thumbnail stays one, and results in view
    expect(dots).to_have_count(2)  # the other piece is one tap away
    page.get_by_role("button", name="Turn").click()
    expect(dots).to_have_count(0)
    expect(page.get_by_text("Each dot is a piece in your photo")).to_be_hidden()
    page.get_by_role("button", name="Search with the whole photo").click()
    expect(page.get_by_role("heading", name="All of it")).to_be_visible()
    expect(dots).to_have_count(2)


@pytest.mark.parametrize("width", [390, 1440])
def test_once_a_photo_is_chosen_results_are_in_view(page: Page, upright: Image.Image, width: int):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/search/photo/")
    page.set_input_files("#fs-photo-file", as_file(upright))
    results_of(page)
    first = page.locator("[data-sku]").first.bounding_box()
    assert first is not None
    assert first["y"] < 844 - (200 if width == 390 else 0)
    for name in ("Turn", "Remove", "Choose a part"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport()
    expect(page.get_by_text("Change", exact=True)).to_be_in_viewport()
    stage = page.locator("#fs-photo-stage").bounding_box()
    assert stage is not None
    assert (stage["width"] < 120) == (width == 390)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Choose a part").click()
    stage = page.locator("#fs-photo-stage").bounding_box()
    assert stage is not None
    assert stage["width"] > 200  # large enough to draw on
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/search/photo/")
    expect(page.locator("#fs-photo-stage")).to_be_hidden()


def test_what_cannot_be_read_is_not_shown_and_offers_no_box(page: Page, upright: Image.Image):
    page.goto("/search/photo/")
    page.set_input_files("#fs-photo-file", as_file(upright))
    results_of(page)
    broken: FilePayload = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0 none"}
    page.set_input_files("#fs-photo-file", broken)
    expect(page.get_by_role("alert")).to_contain_text("Send a JPEG, PNG, WebP, AVIF or HEIC photo.")
    for hidden in (
        "#fs-photo-stage",
        "#fs-photo-part",
        "#fs-photo-whole",
        "#fs-photo-turn",
        "#fs-photo-remove",
        "#fs-photo-dots",
        "#fs-photo-hint",
    ):
        expect(page.locator(hidden)).to_be_hidden()
    assert page.locator("#fs-photo-file").evaluate("field => field.files.length") == 0
    page.set_input_files("#fs-photo-file", as_file(upright))
    expect(page.locator("#fs-photo-preview")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_heic_is_searched_with_though_this_browser_cannot_show_it(page: Page, upright: Image.Image, garment):
    page.goto("/search/photo/")
    page.set_input_files("#fs-photo-file", {**as_file(upright, "HEIF", "IMG_1.HEIC"), "mimeType": ""})
    assert garment[0] in results_of(page)[:3]
    expect(page.get_by_text("This browser cannot show the photo.")).to_be_visible()
    expect(page.locator("#fs-photo-stage")).to_be_hidden()
    expect(page.get_by_role("button", name="Choose a part")).to_be_hidden()
