from importlib import invalidate_caches

from django.core.management import call_command
from django.core.management.base import BaseCommand

OWN = ("people", "archive", "search", "wares")
TABLES = {
    "default": ("contenttypes", "auth", "people", "search", "wares", "sessions", "admin"),
    "archive": ("archive",),
}


class Command(BaseCommand):
    help = "Make the shop as it is before it has search: its own migrations, its tables, and what is in them."
    requires_system_checks = ()

    def handle(self, **options):
        call_command("makemigrations", *OWN, verbosity=0, skip_checks=True)
        invalidate_caches()
        for alias, apps in TABLES.items():
            for app in apps:
                call_command("migrate", app, database=alias, verbosity=0, skip_checks=True)
        call_command("fill")
