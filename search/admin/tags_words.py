"""The words that a shop adds to the tag vocabulary or hides from it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from ..indexing import marks
from ..models import ProductTag, TagWord
from ..text import split
from .base import ModelAdmin

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class TagWordForm(ModelForm):
    """A word of the vocabulary."""

    def clean_text(self) -> str:
        """Return the word with single spaces, if it holds a letter or digit."""
        text = " ".join(str(self.cleaned_data["text"]).split())
        if not split(text):
            raise forms.ValidationError("It holds no letter and no digit.")
        return text


@admin.register(TagWord)
class TagWordAdmin(ModelAdmin):
    """Words of the tag vocabulary; a worker embeds what is new after each change."""

    form = TagWordForm
    list_display = ("text", "kind", "hidden", "note", "updated_at")
    list_filter = ("hidden", "kind")
    search_fields = ("text", "note")
    fields = ("kind", "text", "hidden", "note")

    def save_model(self, request: HttpRequest, obj: TagWord, form: Any, change: bool) -> None:
        """Save the word and have the vocabulary made again; what waits for a decision goes with a hidden word."""
        super().save_model(request, obj, form, change)
        if obj.hidden:
            ProductTag.objects.suggested().filter(kind=obj.kind, word__iexact=obj.text).delete()
        _refresh()

    def delete_model(self, request: HttpRequest, obj: TagWord) -> None:
        """Delete the word and have the vocabulary made again."""
        super().delete_model(request, obj)
        _refresh()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TagWord]) -> None:
        """Delete the words and have the vocabulary made again."""
        super().delete_queryset(request, queryset)
        _refresh()


def _refresh() -> None:
    transaction.on_commit(_ask_for_vocabulary)


def _ask_for_vocabulary() -> None:
    marks.publish("refresh_tags")  # where the broker is away, beat has it done within minutes
