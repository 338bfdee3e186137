"""What a picture goes through before an image encoder sees it, in training and in serving alike."""

from .parts import walk_parts
from .pictures import MAX_PIXELS, open_picture
from .pixels import ImageSpec, to_pixels

__all__ = ["MAX_PIXELS", "ImageSpec", "open_picture", "to_pixels", "walk_parts"]
