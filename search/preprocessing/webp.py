"""The canvas size of a WebP file, read from its first 30 bytes.

Pillow's WebP decoder allocates the whole canvas when the file is opened, before a caller can look at its
size: 34 bytes that claim 16383 x 10800 pixels cost 1.4 GB. So the header is read here first.
Layout: https://developers.google.com/speed/webp/docs/riff_container
"""


def webp_size(header: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels claimed by a WebP header, or None where it is not a WebP file.

    Args:
        header: the first 30 bytes of the file, or more.

    Returns:
        Width and height in pixels; (0, 0) for a WebP file with an unknown or cut-off first chunk.
    """
    if header[:4] != b"RIFF" or header[8:12] != b"WEBP":
        return None
    if len(header) < 30:
        return 0, 0
    chunk, body = header[12:16], header[20:30]
    if chunk == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return 0, 0
