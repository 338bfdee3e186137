"""Forms of merchandising: what is typed is checked against the index, so that nothing is saved that cannot work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext

from ..conf import get_settings
from ..exceptions import UnsafeLink
from ..facets import CATEGORY, parse_typed, token_of, values_of
from ..models import Banner, IndexEntry, IndexVersion, KeptCount, MerchandisingRule, Redirect, Synonym
from ..models.entries import EntryQuerySet
from ..registry import ProductCard, get_index, read_cards
from ..sentences import gettext_lazy as _
from ..text import PhraseIndex, split

if TYPE_CHECKING:
    from ..merchandising.rules import Rule

    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm  # generic for the type checker only

CATEGORY_PLACES = ("category", "similar_category")


class PlacedForm(ModelForm):
    """A form with a place and a phrase: words of a query, or a category that products are in."""

    def clean(self) -> dict[str, Any]:
        """Check the phrase."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        place, phrase = cleaned.get("place", ""), cleaned.get("phrase", "")
        if place in CATEGORY_PLACES:
            self._take("phrase", lambda: as_indexed(CATEGORY, phrase))
        elif place in ("query", "contains") and phrase and not split(phrase):
            self.add_error("phrase", gettext("It contains no word that a query could match."))
        return cleaned

    def _take(self, field: str, read: Any) -> None:
        """Replace what was typed in a field by what the index has for it, or say what is wrong."""
        if not self.cleaned_data.get(field):
            return
        try:
            self.cleaned_data[field] = read()
        except ValidationError as error:
            self._refuse(field, error)

    def _refuse(self, field: str, error: str | ValidationError) -> None:
        """Say what is wrong with a field, once: the model, which would miss what an error drops, keeps it."""
        setattr(self.instance, field, self.cleaned_data[field])
        self.add_error(field, error)


class ProductPicker(forms.TextInput):
    """A field for an SKU; a script offers products by name or SKU, with their pictures."""

    template_name = "admin/fashion_search/merchandisingrule/picker.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Add where the script asks, and the product that is named."""
        context = super().get_context(name, value, attrs)
        context["products"] = reverse("admin:fashion_search_merchandisingrule_products")
        context["card"] = self.card_of(value) if value else None
        return context

    def card_of(self, value: str) -> ProductCard | None:
        """Return the card of the product with an SKU."""
        key = key_of_sku(str(value)[:200].replace("\x00", ""))
        return read_cards([key]).get(key) if key else None


class PlacePicker(ProductPicker):
    """The same where the place asks for an SKU; a script takes it for a query's text elsewhere."""

    def card_of(self, value: str) -> ProductCard | None:
        """Return nothing: the field may hold a query."""
        return None


class RuleForm(PlacedForm):
    """A rule; names a product by its SKU, or a value of a facet."""

    facet = forms.ChoiceField(
        label=_("Facet"),
        required=False,
        help_text=_("Instead of one product: all products that have the chosen value."),
    )

    class Meta:
        """What is typed."""

        model = MerchandisingRule
        fields = "__all__"
        labels: ClassVar[dict[str, Any]] = {"phrase": _("Query, category or SKU"), "sku": _("Product (SKU)")}
        help_texts: ClassVar[dict[str, Any]] = {
            "phrase": _("A query, a category or an SKU, depending on the place."),
            "sku": _("SKU of one product; or leave it empty and choose a facet and a value."),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "phrase": PlacePicker(attrs={"class": "vTextField"}),
            "sku": ProductPicker(attrs={"class": "vTextField"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "facet" in self.fields:  # the admin leaves it out where a rule may only be looked at
            names = [(name, name.replace("_", " ").capitalize()) for name in get_index().facets]
            self.fields["facet"].choices = [("", "---------"), *names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Look SKUs, category and value up in the index."""
        cleaned = super().clean()
        cleaned["sku"] = cleaned.get("sku", "").strip()
        self.instance.product_key = self.instance.place_key = ""
        if cleaned["sku"]:
            self.instance.product_key = self._key("sku", cleaned["sku"])
        if cleaned.get("place") == "similar_product" and cleaned.get("phrase"):
            self.instance.place_key = self._key("phrase", cleaned["phrase"])
        facet, value = cleaned.get("facet"), cleaned.get("value")
        if facet and value:
            self._take("value", lambda: as_indexed(facet, value))
        if cleaned.get("action") != "pin":
            cleaned["position"] = None
        return cleaned

    def _key(self, field: str, sku: str) -> str:
        key = key_of_sku(sku)
        if key is None:
            sentence = gettext("No product with the SKU {sku} is in the search index.")
            self._refuse(field, sentence.format(sku=repr(sku)))
        return key or ""


class LinkedForm(PlacedForm):
    """A form with addresses, which lead nowhere but into the shop."""

    links: tuple[str, ...] = ()

    def clean(self) -> dict[str, Any]:
        """Check the addresses."""
        from ..merchandising.rules import check_link

        cleaned = super().clean()
        for name in self.links:
            try:
                if cleaned.get(name):
                    check_link(cleaned[name])
            except UnsafeLink as error:
                self.add_error(name, str(error))
        return cleaned


class RedirectForm(LinkedForm):
    """A redirect that leads to no other redirect."""

    links = ("url",)

    class Meta:
        """What is typed."""

        model = Redirect
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        """Refuse an address whose query is redirected again."""
        cleaned = super().clean()
        asked = parse_qs(urlsplit(cleaned.get("url", "")).query).get("q", [""])[0] if "url" in cleaned else ""
        others = Redirect.objects.exclude(pk=self.instance.pk).filter(enabled=True)
        entries = [(row.phrase, row.place == "contains", row.phrase) for row in others]
        entries.append((cleaned.get("phrase", ""), cleaned.get("place") == "contains", "itself"))
        again = PhraseIndex(entries, get_settings().text_config).matching(asked)
        if again:
            sentence = (
                gettext("It searches for {asked}, which this redirect would redirect again.")
                if again[-1] == "itself"
                else gettext("It searches for {asked}, which the redirect of {other} would redirect again.")
            )
            self.add_error("url", sentence.format(asked=repr(asked), other=repr(again[-1])))
        return cleaned


class BannerForm(LinkedForm):
    """A banner."""

    links = ("link", "picture")

    class Meta:
        """What is typed."""

        model = Banner
        fields = "__all__"


class LinesField(forms.CharField):
    """Several phrases, one on each line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        """Return the lines that hold anything, each once."""
        text = super().clean(value)
        return list(dict.fromkeys(" ".join(line.split()) for line in text.splitlines() if line.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare with the lines of the list."""
        return super().has_changed(self.prepare_value(initial), data)


class SynonymForm(ModelForm):
    """A synonym; values of facets must be in the index."""

    means = LinesField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 50}),
        help_text=_("One per line: words, phrases, or values such as colour=Navy Blue."),
    )

    class Meta:
        """What is typed."""

        model = Synonym
        fields = "__all__"

    def clean_phrase(self) -> str:
        """Check that the phrase holds a word."""
        phrase = " ".join(self.cleaned_data["phrase"].split())
        if not split(phrase):
            raise ValidationError(gettext("It contains no word that a query could contain."))
        return phrase

    def clean_means(self) -> list[str]:
        """Look values of facets up in the index, and refuse lines without a word."""
        return list(dict.fromkeys(_meanings(self.cleaned_data["means"])))

    def clean(self) -> dict[str, Any]:
        """Refuse a phrase that means itself."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        phrase = cleaned.get("phrase", "").lower()
        if any(line.lower() == phrase for line in cleaned.get("means", ())):
            self.add_error("means", gettext("A phrase cannot mean itself."))
        return cleaned


def as_indexed(facet: str, value: str) -> str:
    """Return a facet's value as products have it, in any case of letters.

    Raises:
        ValidationError: none has it; the sentence names values that are spelled alike.
    """
    value = value.strip()
    entries = _entries()
    if entries.filter(facets__overlap=[token_of(facet, value)]).exists():
        return value
    names = {name.casefold(): name for name in values_of(facet, _tokens())}
    if value.casefold() in names:
        return names[value.casefold()]
    near = [names[found] for found in get_close_matches(value.casefold(), names, n=3)]
    sentence = gettext("No product in the search index has the {facet} {value}.")
    if near:
        sentence += " " + gettext("Did you mean {values}?")
    values = gettext(" or ").join(near)
    raise ValidationError(sentence.format(facet=facet, value=repr(value), values=values))


def key_of_sku(sku: str) -> str | None:
    """Return the key of the indexed product with this SKU, in any case of letters, or None."""
    found = _entries().filter(sku=sku.strip().lower()).order_by("product_key")
    return found.values_list("product_key", flat=True).first()


def pinned_tokens(rules: Sequence[Rule]) -> dict[str, list[str]]:
    """Return the facet tokens of the products that rules pin, by key; none where no rule is about a value."""
    from ..merchandising.snapshots import pinned_by

    pinned = pinned_by(rules)
    if not pinned or not any(rule.token for rule in rules):
        return {}
    return dict(_entries().of_products(pinned).values_list("product_key", "facets"))


def categories() -> list[str]:
    """Return the categories that products are in, by name."""
    return sorted(set(values_of(CATEGORY, _tokens())), key=str.casefold)


def _entries() -> EntryQuerySet:
    version = IndexVersion.objects.serving()
    return IndexEntry.objects.in_version(version.pk) if version else IndexEntry.objects.none()


def _tokens() -> Iterable[str]:
    """The facet tokens that any entry has."""
    version = IndexVersion.objects.serving()
    if version is None:
        return []
    if version.counted:
        return KeptCount.objects.read(version.pk)
    return dict(IndexEntry.objects.in_version(version.pk).facet_counts())


def _meanings(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        if len(line) > 200:
            sentence = gettext("{line}... is longer than 200 characters.")
            raise ValidationError(sentence.format(line=repr(line[:40])))
        typed = parse_typed(line)
        if typed is None:
            if not split(line):
                raise ValidationError(gettext("{line} contains no word.").format(line=repr(line)))
            yield line
        elif typed.facet not in get_index().facets:
            sentence = gettext("{facet} is not a facet; the facets are {facets}.")
            facets = ", ".join(get_index().facets)
            raise ValidationError(sentence.format(facet=repr(typed.facet), facets=facets))
        else:
            yield token_of(typed.facet, as_indexed(*typed))
