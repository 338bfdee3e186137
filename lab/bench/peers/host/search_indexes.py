"""What Haystack reads of products."""

from haystack import indexes

from .models import Item


class ItemIndex(indexes.SearchIndex, indexes.Indexable):
    """One document with all texts, as Haystack's tutorial has it; that field is what `auto_query` asks."""

    text = indexes.CharField(document=True)
    key = indexes.CharField(model_attr="key", indexed=False)
    values = indexes.MultiValueField()

    def get_model(self):
        """Return what is indexed."""
        return Item

    def prepare_text(self, obj) -> str:
        """Return all texts."""
        return "\n".join((obj.title, obj.keywords, obj.description))

    def prepare_values(self, obj) -> list[str]:
        """Return field and value as one word each, for filters."""
        return [value_word(field, value) for field, values in obj.columns.items() for value in values]


def value_word(field: str, value: str) -> str:
    """Return one word that stands for a value of a field."""
    return "".join(filter(str.isalnum, f"{field}{value}")).lower()
