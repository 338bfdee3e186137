"""`python -m shop.local demo`: the demo on this machine."""

import argparse
import os
import sys
from pathlib import Path

import django

from .demo import start_demo
from .machine import LOCAL, LocalError, admin_login


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
    demo.add_argument(
        "--artifact",
        default=os.environ.get("ARTIFACT", ""),
        help='"light", "resnet50", "resnet50_small", or a folder; default: that of the settings',
    )
    demo.set_defaults(
        run=lambda given: start_demo(
            port=given.port,
            catalogue=given.catalogue,
            local=given.local.absolute(),
            artifact=given.artifact,
        )
    )
    prepare = commands.add_parser("prepare")  # which the demo runs in a process of its own
    prepare.add_argument("local", type=Path)
    prepare.set_defaults(run=lambda given: prepare_shop(given.local))
    options = parser.parse_args()
    try:
        options.run(options)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror}: {error.filename}", file=sys.stderr)
        return 1
    return 0


def prepare_shop(local: Path) -> None:
    """Make the database and the static files ready for the web server, in one Django process.

    Migrates, makes the admin login if there is none of that name, and collects static files.

    Args:
        local: folder of the demo, which holds the login's password.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", interactive=False)
    call_command("collectstatic", interactive=False, verbosity=0)
    login = admin_login(local)
    users = get_user_model().objects
    if not users.filter(username=login.name).exists():
        users.create_superuser(login.name, "", login.password)


if __name__ == "__main__":
    sys.exit(main())
