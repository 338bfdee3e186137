#!/usr/bin/env python
"""Django's command line, against DATABASE_URL or else against the demo that runs in this folder."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from shop.local.machine import use_running_demo


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    use_running_demo()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "DATABASE_URL" in os.environ:
            raise
        sys.exit(
            f"{error}\nOr run this command while `make demo` runs in another terminal: it then uses that shop."
        )


if __name__ == "__main__":
    main()
