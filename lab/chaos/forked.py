"""`python -m lab.chaos.forked ARTIFACT BATCHES`: encode in a child after a fork, and see whether its memory stays flat."""

import os
import sys
from pathlib import Path

import psutil
from PIL import Image

from search.encoders import Encoders, load_artifact

PICTURES = 4  # in a batch
ALLOWED_GROWTH = 32 * 1024 * 1024  # bytes, between the first fifth of the batches and the last


def main() -> int:
    """Return 1 where the child's memory grew, or it ended otherwise than it should."""
    encoders = load_artifact(Path(sys.argv[1]))
    child = os.fork()
    if child == 0:
        os._exit(_encode(encoders, int(sys.argv[2])))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _encode(encoders: Encoders, batches: int) -> int:
    picture = Image.new("RGB", (240, 320), (200, 30, 30))
    settled = 0
    for number in range(batches):
        encoders.encode_images([picture] * PICTURES)
        encoders.encode_texts(["a red dress"] * PICTURES)
        if number == batches // 5:
            settled = psutil.Process().memory_info().rss
    grown = psutil.Process().memory_info().rss - settled
    sys.stdout.write(f"{batches} batches of {PICTURES}: memory grew by {grown / 2**20:.0f} MB\n")
    sys.stdout.flush()
    return int(grown > ALLOWED_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
