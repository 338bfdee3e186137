"""The size of the frames in AV1 data, which may be another than the file around them states.

Layout: https://aomediacodec.github.io/av1-spec/av1-spec.pdf, 5.3 (parts) and 5.5 (sequence headers).
"""

from ..exceptions import PictureError

MOST_PARTS = 2_000
_SEQUENCE_HEADER = 1  # kind of a part
_LONGEST_HEADER = 200  # bytes; with 32 operating points it has about 150


def announced_pixels(coded: bytes) -> int:
    """Return the pixels of the largest frame that the headers of AV1 data announce; 0 without one.

    Args:
        coded: the data of an item or a frame.

    Raises:
        PictureError: it has too many parts, or one of no size.
        IndexError: it is cut off.
    """
    at = largest = count = 0
    while at < len(coded):
        count += 1
        if count > MOST_PARTS:
            raise PictureError(
                f"The picture has more than {MOST_PARTS:,} coded parts, as no camera or program writes it."
            )
        header = coded[at]
        at += 2 if header & 4 else 1
        size = len(coded) - at
        if header & 2:
            size, at = _leb128(coded, at)
        if header >> 3 & 15 == _SEQUENCE_HEADER:
            largest = max(largest, _announced(coded[at : at + min(size, _LONGEST_HEADER)]))
        at += size
    return largest


def _leb128(coded: bytes, at: int) -> tuple[int, int]:
    """A number of up to eight bytes of seven bits, and where it ends."""
    value = 0
    for place in range(8):
        value |= (coded[at + place] & 0x7F) << 7 * place
        if coded[at + place] < 0x80:
            return value, at + place + 1
    raise PictureError("The picture is damaged: it states no size of its data.")


class _Bits:
    """The bits of bytes, from the highest on; zeros behind their end."""

    def __init__(self, body: bytes) -> None:
        self._value, self._left = int.from_bytes(body, "big") << 4096, 8 * len(body) + 4096

    def take(self, count: int) -> int:
        """The next ones as a number."""
        self._left -= count
        return self._value >> max(self._left, 0) & ((1 << count) - 1)

    def skip_uvlc(self) -> None:
        """A number of any length."""
        zeros = 0
        while zeros < 32 and not self.take(1):
            zeros += 1
        self.take(zeros if zeros < 32 else 0)


def _announced(body: bytes) -> int:
    """Pixels of the largest frame that a sequence header allows."""
    bits = _Bits(body)
    bits.take(4)  # profile, still picture
    reduced = bits.take(1)
    if reduced:
        bits.take(5)
    else:
        _skip_operating_points(bits)
    across_bits, down_bits = bits.take(4) + 1, bits.take(4) + 1
    across, down = bits.take(across_bits) + 1, bits.take(down_bits) + 1
    if not reduced:
        # A frame may state a size of its own in as many bits. Encoders use those that the largest frame needs; one more is theirs.
        across = 1 << across_bits if across_bits > across.bit_length() + 1 else across
        down = 1 << down_bits if down_bits > down.bit_length() + 1 else down
    return across * down


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    model = 0
    if bits.take(1):  # times
        bits.take(64)
        if bits.take(1):
            bits.skip_uvlc()
        model = bits.take(1)
        if model:
            delay_bits = bits.take(5) + 1
            bits.take(42)
    delays = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if model and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if delays and bits.take(1):
            bits.take(4)
