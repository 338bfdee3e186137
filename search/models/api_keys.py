"""Keys of API clients."""

import secrets
from hashlib import sha256

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

PREFIX = "fs"
KEY_BYTES = 24  # of randomness: too many to guess, so that a plain digest keeps a key safe


class ApiKey(models.Model):
    """One client that may use the API; of its key only the digest is kept."""

    name = models.CharField(max_length=100, help_text=_("Who uses the key, such as an app or a partner."))
    beginning = models.CharField(
        max_length=12,
        editable=False,
        help_text=_("The first characters of the key, by which people recognise it."),
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    may_read = models.BooleanField(
        "scope read", default=True, help_text=_("Search, suggestions, products, categories, photos.")
    )
    may_send_events = models.BooleanField(
        "scope events", default=False, help_text=_("What shoppers do with results.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        """Order and name."""

        ordering = ("-created_at",)
        verbose_name = _("API key")

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}…)"

    @property
    def scopes(self) -> frozenset[str]:
        """What it may do: read, events, both or neither."""
        given = {"read": self.may_read, "events": self.may_send_events}
        return frozenset(name for name, may in given.items() if may)

    def draw(self) -> str:
        """Give it a new key and return that; it can be read nowhere afterwards. Save it then."""
        key = f"{PREFIX}_{secrets.token_urlsafe(KEY_BYTES)}"
        self.beginning, self.digest = key[:9], digest_of(key)
        return key


def digest_of(key: str) -> str:
    """Return what is kept of a key: 64 hex digits."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
