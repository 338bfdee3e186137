"""`make screenshots`: pictures of the main pages, of drawn products, for the README."""

import io
import re
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from lab.processes import draw_catalogue
from tests.processes import ROOT
from tests.running_demo import RunningDemo

PRODUCTS = 600
COLOURS = 128  # of a picture's palette: a quarter of its size, and hardly a difference
FOLDER = ROOT / "docs" / "images"


def main() -> None:
    """Start the demo, take the pictures, and stop it."""
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("Chromium is not installed: run scripts/program.sh chromium as root.")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        draw_catalogue(PRODUCTS, folder / "catalogue")
        demo = RunningDemo(folder, folder / "catalogue", {})
        demo.start()
        try:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            take_all(browser, demo)
            browser.close()
        finally:
            demo.interrupt()


def take_all(browser: Browser, demo: RunningDemo) -> None:
    """Take every picture."""
    shop = browser.new_page(base_url=demo.address, viewport={"width": 1280, "height": 860})
    shop.goto("/search/?q=red+striped+shirt")
    keep(shop, "search")
    shop.locator("[data-sku] a").first.click()
    shop.wait_for_url("**/products/**")
    keep(shop, "product")
    shop.goto("/search/?q=summer+dress")
    address = shop.locator(".card img").first.get_attribute("src") or ""
    picture = Image.open(io.BytesIO(shop.request.get(address.replace("/card/", "/stage2x/")).body())).convert(
        "RGB"
    )
    wall = Image.new("RGB", (1200, 900), (196, 184, 160))
    wall.paste(picture.resize((540, 720)), (560, 90))
    photo = io.BytesIO()
    wall.save(photo, "JPEG", quality=90)
    shop.goto("/search/photo/")
    shop.set_input_files(
        "#fs-photo-file", {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    )
    shop.wait_for_url("**/search/?photo=*")
    draw_box(shop, (0.46, 0.1), (0.92, 0.9))
    keep(shop, "photo")

    phone = browser.new_page(
        base_url=demo.address,
        viewport={"width": 390, "height": 780},
        color_scheme="dark",
        device_scale_factor=2,
    )
    phone.goto("/search/?q=navy+sneakers")
    keep(phone, "phone")

    admin = browser.new_page(base_url=demo.address, viewport={"width": 1280, "height": 860})
    admin.goto("/admin/")
    admin.get_by_label(re.compile("Username")).fill("admin")
    admin.get_by_label(re.compile("Password")).fill(demo.password)
    admin.get_by_role("button", name="Log in").click()
    admin.goto("/admin/fashion_search/arrangement/?place=query&q=red+shirt")
    admin.get_by_role("button", name="Pin first").nth(3).click()
    admin.get_by_role("button", name="Bury").nth(5).click()
    admin.evaluate("scrollTo(0, 0)")
    keep(admin, "arrange")
    admin.goto("/admin/shop/product/?q=dress")
    for number in range(6):
        admin.locator("input[name=_selected_action]").nth(number).check()
    admin.get_by_label("Action:").select_option(label="Suggest tags")
    admin.get_by_role("button", name="Go").click()
    for _ in range(60):  # a worker suggests
        admin.goto("/admin/fashion_search/producttag/review/")
        if admin.locator("[data-tag]").count():
            break
        admin.wait_for_timeout(1000)
    keep(admin, "tags")
    admin.goto("/admin/fashion_search/cataloguemap/")
    admin.get_by_role("button", name="Make the map").click()
    admin.get_by_role("button", name="Make it again").wait_for(timeout=120_000)
    admin.get_by_label("Colour by").select_option("colour")
    keep(admin, "map")


def draw_box(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a box on the photo and wait for what is in it."""
    stage = page.locator("#fs-photo-stage").bounding_box()
    if stage is None:
        raise SystemExit("The photo is not shown.")
    before = page.url
    for number, (x, y) in enumerate((start, end)):
        page.mouse.move(stage["x"] + stage["width"] * x, stage["y"] + stage["height"] * y, steps=4)
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    page.wait_for_function("before => location.href !== before", arg=before)


def keep(page: Page, name: str) -> None:
    """Write a picture of what the window shows."""
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)  # transitions end
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    file = FOLDER / f"{name}.png"
    shot.quantize(COLOURS, dither=Image.Dither.FLOYDSTEINBERG).save(file, optimize=True)
    sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    main()
