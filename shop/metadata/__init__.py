"""Take out of picture files what cameras and programs wrote beside the picture: where, when, by whom, and a preview.

Only what is known to belong to the picture stays, byte for byte: pixels, colours, colour profile, transparency, animation;
and of EXIF and XMP the orientation.
"""

from .gif import bare_gif
from .jpeg import bare_jpeg
from .orientation import ORIENTATION
from .png import bare_png
from .webp import bare_webp

__all__ = ["ORIENTATION", "without_metadata"]


def without_metadata(content: bytes) -> bytes:
    """Return a picture file without EXIF, XMP, IPTC, comments, unknown parts, and whatever comes after the picture.

    Args:
        content: a JPEG, PNG, WebP or GIF file; another file, and one that has nothing to take out, is returned as it is.
    """
    if content.startswith(b"\xff\xd8"):
        return bare_jpeg(content)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return bare_png(content)
    if content.startswith((b"GIF87a", b"GIF89a")):
        return bare_gif(content)
    return bare_webp(content) if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else content
