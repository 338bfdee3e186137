"""The shop's own app `search`, with a table of a name that the plugin might have, too."""

from django.conf import settings
from django.db import models


class SavedSearch(models.Model):
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)
    query = models.CharField(max_length=200)

    def __str__(self):
        return self.query
