"""What Haystack reads of products."""

from haystack import indexes

from shop.models import Product

from .engines import texts_of


class ProductHaystackIndex(indexes.SearchIndex, indexes.Indexable):
    """One document with all texts, as Haystack's tutorial has it; that field is what `auto_query` asks."""

    text = indexes.CharField(document=True)
    sku = indexes.CharField(model_attr="sku", indexed=False)

    def get_model(self):
        """Return what is indexed."""
        return Product

    def index_queryset(self, using=None):
        """Return the products that can be found."""
        return Product.objects.published().for_cards()

    def prepare_text(self, obj) -> str:
        """Return all texts."""
        return "\n".join(texts_of(obj))
