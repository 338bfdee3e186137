"""How slow this machine is at the moment, for bounds of time that have to hold on any machine."""

import time
from io import BytesIO

from PIL import Image

QUICK = (
    0.03  # seconds of processor time that the yardstick takes on the machine that the bounds were written for
)
_NUMBERS = 400_000
_SIZE = (1200, 1600)


def slowness() -> float:
    """Processor time of a fixed piece of work as a share of what it takes on a quick machine; at least 1.

    The work is of both kinds that tests measure: Python's own steps, and pixels that pass through memory.
    """
    begun = time.thread_time()
    sum(number & 3 for number in range(_NUMBERS))
    written = BytesIO()
    Image.linear_gradient("L").resize(_SIZE).convert("RGB").save(written, "JPEG")
    Image.open(written).convert("RGBA").load()
    return max(1.0, (time.thread_time() - begun) / QUICK)
