"""A GIF without what is no picture; layout: https://www.w3.org/Graphics/GIF/spec-gif89a.txt ."""

import re

_BLOCK = re.compile(rb"[!,;]")
_HEADER, _DESCRIPTOR = 13, 10  # bytes
_SHOWN, _PROGRAM = (
    0xF9,
    0xFF,
)  # how long a frame is shown, and what of it is transparent; what a program wrote
_LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")
_LONGEST_LOOP = 26  # bytes


def bare_gif(content: bytes) -> bytes:
    """Return the frames of a GIF, their colours, transparency and times, and how often they are shown."""
    if len(content) < _HEADER:
        return content
    at = _HEADER + _colours(content[10])
    kept = [content[:at]]
    while found := _BLOCK.search(content, at):
        at = found.start()
        if content[at] == ord(";"):
            kept.append(b";")
            break
        if content[at] == ord(","):
            descriptor = content[at : at + _DESCRIPTOR]
            data = at + _DESCRIPTOR + (_colours(descriptor[9]) if len(descriptor) == _DESCRIPTOR else 0) + 1
            end = _behind(content, data)
            kept.append(content[at:end])
        else:
            end = _behind(content, at + 2)
            kept.append(_extension(content[at:end]))
        at = end
    return b"".join(kept)


def _extension(block: bytes) -> bytes:
    """What decoders need of an extension: of comments, texts and other programs' data nothing."""
    label = block[1:2]
    if label == bytes([_SHOWN]) and block[2:3] == b"\x04":
        return block[:7] + b"\x00"
    loops = label == bytes([_PROGRAM]) and block.startswith(_LOOPS, 2) and len(block) <= _LONGEST_LOOP
    return block if loops else b""


def _behind(content: bytes, at: int) -> int:
    """Where the blocks of data that begin here end."""
    size = len(content)
    while at < size and (length := content[at]):
        at += length + 1
    return min(at + 1, size)


def _colours(flags: int) -> int:
    """Bytes of the table of colours that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
