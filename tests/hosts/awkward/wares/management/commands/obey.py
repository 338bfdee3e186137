import json
import sys
import time

from django.core.management.base import BaseCommand

from ... import models


class Command(BaseCommand):
    help = "Do what each line of the input says, a text in JSON of Python about the models, and print when it was done."

    def handle(self, **options):
        for line in sys.stdin:
            exec(json.loads(line), vars(models).copy())
            self.stdout.write(str(time.time()))
            self.stdout.flush()
