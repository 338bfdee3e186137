"""A contact sheet: many products at a glance, each over its name."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from .catalogue import product, scene_of


def contact_sheet(
    numbers: Sequence[int], seed: int = 0, columns: int = 8, width: int = 180, names: bool = True
) -> Image.Image:
    """Return a picture with the given products in rows.

    Args:
        numbers: Which products.
        seed: Of which catalogue.
        columns: Products in a row.
        width: Width of one picture in pixels; its height is a third more.
        names: Whether each stands over its name.
    """
    height, foot = width * 4 // 3, 26 if names else 0
    rows = -(-len(numbers) // columns)
    sheet = Image.new("RGB", (columns * (width + 6), rows * (height + foot + 6)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    for place, number in enumerate(numbers):
        item = product(number, seed)
        scene, floor = scene_of(item, seed)
        x, y = place % columns * (width + 6), place // columns * (height + foot + 6)
        sheet.paste(scene.finished(floor).resize((width, height), Image.Resampling.LANCZOS), (x, y))
        if names:
            words = item.words.name.split()
            half = (len(words) + 1) // 2
            pen.text((x + 2, y + height + 1), " ".join(words[:half]), "black", font)
            pen.text((x + 2, y + height + 13), " ".join(words[half:]), "black", font)
    return sheet
