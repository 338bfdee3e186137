"""What merchandisers change on one page of results by eye: a draft, and after that the record by which it is undone."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .merchandising import MerchandisingRule


class Arrangement(models.Model):
    """Decisions about products on one page; of a person there is one draft for each page."""

    place = models.CharField(max_length=20, choices=MerchandisingRule.Place, help_text=_("As in a rule."))
    phrase = models.CharField(
        max_length=200, help_text=_("The query, the category, or the SKU of the product.")
    )
    page_key = models.CharField(
        max_length=400, help_text=_("What all spellings of the phrase have in common; a product's key.")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decisions = models.JSONField(default=dict, help_text=_("Product key: action, SKU, position, strength."))
    starts = models.DateTimeField(null=True, blank=True, help_text=_("Empty: at once."))
    ends = models.DateTimeField(null=True, blank=True, help_text=_("Empty: for good."))
    base = models.CharField(
        max_length=64, help_text=_("Fingerprint of the page's rules that the draft was made on.")
    )
    changes = models.JSONField(default=list, help_text=_("Rules as they were before and after publishing."))
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: a draft."))
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Names and constraints; the page asks for permissions of rules."""

        default_permissions = ()
        verbose_name = _("arrangement")
        verbose_name_plural = _("merchandising")
        constraints = (
            models.UniqueConstraint(
                fields=("by", "place", "page_key"),
                condition=models.Q(published_at=None),
                name="fashion_search_one_draft",
            ),
        )
        indexes = (
            models.Index(fields=("place", "page_key", "-published_at"), name="fashion_search_arranged_page"),
        )

    def __str__(self) -> str:
        return self.phrase
