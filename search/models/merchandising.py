"""Rules: what a merchandiser changes in the order of results."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..facets import token_of

# What every piece of merchandising has: a switch, a schedule, a note, and how often it took effect.


class Scheduled(models.Model):
    """Something that holds from its start to its end, while it is enabled."""

    enabled = models.BooleanField(default=True)
    starts = models.DateTimeField(null=True, blank=True, help_text=_("Empty: at once."))
    ends = models.DateTimeField(null=True, blank=True, help_text=_("Empty: it runs until it is disabled."))
    note = models.TextField(blank=True, default="", help_text=_("For colleagues: why it is here."))
    hits = models.BigIntegerField(default=0, editable=False, help_text=_("Searches in which it took effect."))
    last_fired = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """A schedule that ends before it starts would never run, and nobody would know why."""

        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.CheckConstraint(
                condition=models.Q(starts=None) | models.Q(ends=None) | models.Q(ends__gt=models.F("starts")),
                name="fashion_search_%(class)s_ends_later",
                violation_error_message=_("It ends before it starts; swap the two."),
            ),
        )


class MerchandisingRule(Scheduled):
    """Pins, hides, boosts or buries a product, or the products that have a value of a facet, in one place."""

    class Action(models.TextChoices):
        """What is done."""

        PIN = "pin", _("Pin to a place")
        HIDE = "hide", _("Hide")
        BOOST = "boost", _("Boost")
        BURY = "bury", _("Bury")

    class Place(models.TextChoices):
        """Where it is done."""

        QUERY = "query", _("when the query is")
        CONTAINS = "contains", _("when the query contains")
        CATEGORY = "category", _("on the page of the category")
        SIMILAR_PRODUCT = "similar_product", _("in items similar to the product (SKU)")
        SIMILAR_CATEGORY = "similar_category", _("in items similar to products of the category")

    class Strength(models.TextChoices):
        """How much a boost lifts and a bury lowers."""

        SLIGHTLY = "slightly", _("slightly")
        CLEARLY = "clearly", _("clearly")
        STRONGLY = "strongly", _("strongly")

    action = models.CharField(max_length=8, choices=Action)
    place = models.CharField(max_length=20, choices=Place, default=Place.QUERY)
    phrase = models.CharField(
        max_length=200, help_text=_("The query, the category, or the SKU of the product.")
    )
    place_key = models.TextField(
        blank=True,
        default="",
        editable=False,
        help_text=_("Key of the product on whose page the rule applies."),
    )
    sku = models.CharField(
        _("SKU"), max_length=200, blank=True, default="", help_text=_("SKU of the product to act on.")
    )
    product_key = models.TextField(blank=True, default="", editable=False)
    facet = models.CharField(
        max_length=60, blank=True, default="", help_text=_('Instead of a product: a facet, such as "brand".')
    )
    value = models.CharField(
        max_length=200, blank=True, default="", help_text=_('A value of the facet, such as "Nike".')
    )
    position = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Place of a pin; 1 is the first.")
    )
    strength = models.CharField(
        max_length=10,
        choices=Strength,
        default=Strength.CLEARLY,
        help_text=_(
            "For boost and bury. Strongly: as far as from the last result to the first; "
            "clearly: half of that; slightly: a quarter."
        ),
    )

    class Meta(Scheduled.Meta):
        """Constraints, order and names."""

        verbose_name = _("rule")
        ordering = ("-pk",)
        constraints = (
            *Scheduled.Meta.constraints,
            models.CheckConstraint(
                condition=~models.Q(action="pin")
                | (models.Q(position__gte=1) & ~models.Q(position=None) & ~models.Q(sku="")),
                name="fashion_search_pin_has_place",
                violation_error_message="A pin needs a product (SKU) and a place from 1.",
            ),
        )

    def __str__(self) -> str:
        return gettext("rule %(number)s") % {"number": self.pk}

    @property
    def token(self) -> str:
        """The value of a facet that it is about, as entries hold it: "brand=Nike"; "" for a product."""
        return token_of(self.facet, self.value) if self.facet else ""

    def clean(self) -> None:
        """Check that it names one product or one value, and a place where it pins.

        Raises:
            ValidationError: it does not; the sentence says what to change.
        """
        super().clean()
        if bool(self.facet) != bool(self.value):
            raise ValidationError({"value": _("A facet and its value belong together: fill both, or none.")})
        if bool(self.sku) == bool(self.facet):
            raise ValidationError(
                {"sku": _("Name a product by its SKU, or a facet and its value: one of them.")}
            )
        if self.action == self.Action.PIN:
            if not self.sku:
                raise ValidationError({"sku": _("A pin needs the SKU of a product.")})
            if not self.position:
                raise ValidationError({"position": _("A pin needs a place from 1.")})


# Banners: a line above the results of a query or of a category.


class Banner(Scheduled):
    """A text, with an optional link and picture."""

    class Place(models.TextChoices):
        """Where it is shown."""

        QUERY = "query", _("when the query is")
        CONTAINS = "contains", _("when the query contains")
        CATEGORY = "category", _("on the page of the category")

    place = models.CharField(max_length=20, choices=Place, default=Place.QUERY)
    phrase = models.CharField(max_length=200, help_text=_("The query or the category."))
    text = models.CharField(max_length=200)
    link = models.CharField(
        max_length=500, blank=True, default="", help_text=_("A path, or a URL at one of REDIRECT_HOSTS.")
    )
    picture = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text=_("A path or URL of a picture, with the same hosts as the link."),
    )

    class Meta(Scheduled.Meta):
        """Order."""

        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.text


# Redirects: queries that lead to a page instead of to results.


class Redirect(Scheduled):
    """Sends a query to an address of the shop."""

    class Place(models.TextChoices):
        """Which queries."""

        QUERY = "query", _("when the query is")
        CONTAINS = "contains", _("when the query contains")

    place = models.CharField(max_length=20, choices=Place, default=Place.QUERY)
    phrase = models.CharField(max_length=200)
    url = models.CharField(
        _("URL"), max_length=500, help_text=_("A path such as /sale/, or a URL at one of REDIRECT_HOSTS.")
    )

    class Meta(Scheduled.Meta):
        """Order."""

        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.phrase} to {self.url}"


# Synonyms that a merchandiser adds to the general ones.


class Synonym(models.Model):
    """A word or phrase of shoppers, and what the catalogue calls it."""

    phrase = models.CharField(max_length=200, help_text=_("What shoppers type."))
    means = ArrayField(
        models.CharField(max_length=200), help_text=_("Words, phrases, or values such as colour=Navy Blue.")
    )
    both_ways = models.BooleanField(
        default=False, help_text=_("A search for a meaning also finds products with the phrase.")
    )
    enabled = models.BooleanField(default=True)
    note = models.TextField(blank=True, default="", help_text=_("For colleagues: why it is here."))
    hits = models.BigIntegerField(
        default=0, editable=False, help_text=_("Searches that contained the phrase.")
    )
    last_fired = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Order."""

        ordering = ("phrase", "pk")

    def __str__(self) -> str:
        return self.phrase
