"""Make the database and the static files ready for the web server: one Django process for all of it."""

import os
import sys
from pathlib import Path

import django

from .secrets import admin_login


def main() -> None:
    """Migrate, make the admin login if there is none of that name, and collect static files."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", interactive=False)
    call_command("collectstatic", interactive=False, verbosity=0)
    login = admin_login(Path(sys.argv[1]))
    users = get_user_model().objects
    if not users.filter(username=login.name).exists():
        users.create_superuser(login.name, "", login.password)


if __name__ == "__main__":
    main()
