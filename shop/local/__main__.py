"""`python -m shop.local demo`: the demo on this machine."""

import argparse
import os
import sys
from pathlib import Path

from .demo import start_demo
from .environment import LOCAL
from .errors import LocalError


def main() -> int:
    """Parse the command line, run the demo, and report what prevents it in one line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m shop.local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="run the shop until Ctrl-C")
    demo.add_argument(
        "--port", type=int, default=os.environ.get("PORT") or "8000", help="default: PORT or 8000"
    )
    demo.add_argument(
        "--catalogue", default=os.environ.get("CATALOGUE", ""), help="folder; default: the drawn one"
    )
    demo.add_argument(
        "--local", type=Path, default=LOCAL, help="folder for databases, media and logs; default: .local"
    )
    options = parser.parse_args()
    try:
        start_demo(port=options.port, catalogue=options.catalogue, local=options.local.absolute())
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror}: {error.filename}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
