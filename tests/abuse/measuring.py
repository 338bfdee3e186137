"""Open pictures, each in a process of its own, and print seconds and bytes of memory for each.

python -m tests.abuse.measuring [--whole] FILE ...; with --whole no JPEG is decoded smaller than it is.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

from search.encoders.pictures import ImageSpec, open_picture, to_pixels
from search.exceptions import PictureError

SPEC = ImageSpec(width=168, height=224)


def measured(path: Path, at_least: tuple[int, int] | None) -> dict[str, object]:
    """Open one in a child, which has its own peak of memory."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        said = ""
        try:
            with path.open("rb") as file:
                to_pixels([open_picture(file, at_least=at_least)], SPEC)
        except PictureError as error:
            said = str(error)
        used = resource.getrusage(resource.RUSAGE_SELF)
        grown = 1024 * (used.ru_maxrss - before)
        taken = {"said": said, "seconds": used.ru_utime + used.ru_stime, "bytes": grown}
        os.write(into, json.dumps(taken).encode())
        os._exit(0)
    os.close(into)
    begun = time.monotonic()
    with os.fdopen(out, "rb") as answer:
        read = answer.read()
    _, status = os.waitpid(child, 0)
    return {"waited": time.monotonic() - begun, "status": status, **(json.loads(read) if read else {})}


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--whole"]
    needed = (SPEC.width, SPEC.height) if len(names) == len(sys.argv) - 1 else None
    json.dump({name: measured(Path(name), needed) for name in names}, sys.stdout)
