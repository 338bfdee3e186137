"""Products as Wagtail's own tutorial models things: pages with a gallery, tags, variants, and a brand that is a snippet."""

from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey
from taggit.models import TaggedItemBase
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.fields import RichTextField
from wagtail.models import Orderable, Page
from wagtail.snippets.models import register_snippet


@register_snippet
class Brand(models.Model):
    name = models.CharField(max_length=200)

    panels = (FieldPanel("name"),)

    def __str__(self):
        return self.name


class CategoryPage(Page):
    """What products lie below."""


class ProductTag(TaggedItemBase):
    content_object = ParentalKey("ProductPage", related_name="tagged_items", on_delete=models.CASCADE)


class ProductPage(Page):
    sku = models.CharField(max_length=40)
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    colour = models.CharField(max_length=40, blank=True)
    price = models.DecimalField(max_digits=9, decimal_places=2)
    body = RichTextField(blank=True)
    tags = ClusterTaggableManager(through=ProductTag, blank=True)

    content_panels = (
        *Page.content_panels,
        FieldPanel("sku"),
        FieldPanel("brand"),
        FieldPanel("colour"),
        FieldPanel("price"),
        FieldPanel("body"),
        FieldPanel("tags"),
        InlinePanel("variants"),
        InlinePanel("gallery"),
    )


class Variant(Orderable):
    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=40)
    size = models.CharField(max_length=20)
    stock = models.IntegerField(default=0)


class GalleryImage(Orderable):
    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="gallery")
    image = models.ForeignKey("wagtailimages.Image", null=True, on_delete=models.SET_NULL, related_name="+")
