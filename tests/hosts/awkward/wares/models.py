import uuid

from django.db import models
from django.urls import reverse
from django.utils.translation import get_language


def in_language(texts):
    return texts.get((get_language() or "de")[:2]) or texts.get("de", "")


class Keyed(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class Rubric(Keyed):
    """A category; its names are texts by language."""

    title = models.JSONField()
    above = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="below")

    def __str__(self):
        return in_language(self.title)


class Maker(Keyed):
    title = models.CharField(max_length=100)

    def __str__(self):
        return self.title


class Ware(Keyed):
    """A product without a number, named in two languages, described in one column for each, its price elsewhere."""

    title = models.JSONField()
    body_de = models.TextField(blank=True)
    body_en = models.TextField(blank=True)
    category = models.ForeignKey(Rubric, models.PROTECT)
    maker = models.ForeignKey(Maker, models.SET_NULL, null=True, blank=True)
    colour = models.CharField(max_length=40, blank=True)
    visible = models.BooleanField(default=True)
    added = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return in_language(self.title)

    def get_absolute_url(self):
        return reverse("ware", args=[self.pk])


class Tariff(Keyed):
    ware = models.ForeignKey(Ware, models.CASCADE, related_name="tariffs")
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")

    def __str__(self):
        return f"{self.amount} {self.currency}"


class Photo(Keyed):
    ware = models.ForeignKey(Ware, models.CASCADE)  # ware.photo_set
    file = models.ImageField(upload_to="photos")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]

    def __str__(self):
        return self.file.name
