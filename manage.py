#!/usr/bin/env python
"""Django's command line, against DATABASE_URL or else against the demo that runs in this folder."""

import os
import sys

from shop.local.environment import use_running_demo


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    use_running_demo()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
