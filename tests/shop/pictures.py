"""Pictures for tests."""

import io

from PIL import Image


def jpeg(colour: str = "red", size: tuple[int, int] = (60, 80)) -> bytes:
    """A plain picture."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return file.getvalue()
