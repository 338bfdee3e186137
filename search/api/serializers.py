"""The shapes of the API's answers."""

from typing import Any

from rest_framework import serializers


class AbsoluteURLField(serializers.CharField):
    """An address with scheme and host; "" stays ""."""

    def to_representation(self, value: Any) -> str:
        """Return the address as the client reaches it."""
        address: str = self.context["request"].build_absolute_uri(value) if value else ""
        return address


class CardSerializer(serializers.Serializer[Any]):
    """What a list shows of a product."""

    sku = serializers.CharField(source="card.sku")
    name = serializers.CharField(source="card.name")
    brand = serializers.CharField(source="card.brand")
    price = serializers.DecimalField(
        source="card.price", max_digits=None, decimal_places=2, coerce_to_string=True, allow_null=True
    )
    currency = serializers.CharField(source="card.currency")
    image = AbsoluteURLField(source="card.image")
    url = AbsoluteURLField(source="card.url")


class ResultSerializer(CardSerializer):
    """A product that was found."""

    score = serializers.FloatField()


class ProductSerializer(CardSerializer):
    """A product and what the index knows about it."""

    in_stock = serializers.BooleanField()
    facets = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class UnderstoodPartSerializer(serializers.Serializer[Any]):
    """A stretch of the query that names values of a facet, or a price."""

    text = serializers.CharField()
    facet = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField())
    implied = serializers.BooleanField()
    without = serializers.CharField()


class FacetCountSerializer(serializers.Serializer[Any]):
    """A value of a facet and how many results bear it."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class FacetValueCountSerializer(FacetCountSerializer):
    """The same with the value above it, for facets that are trees."""

    parent = serializers.CharField()  # type: ignore[assignment]  # declared fields leave the class's attributes alone


class FacetValueSerializer(FacetCountSerializer):
    """A value, its facet, and how many products bear it."""

    facet = serializers.CharField()


class PriceRangeSerializer(serializers.Serializer[Any]):
    """A range of prices, both ends included, and how many results lie in it."""

    price_min = serializers.DecimalField(
        source="lowest", max_digits=None, decimal_places=2, coerce_to_string=True, allow_null=True
    )
    price_max = serializers.DecimalField(
        source="highest", max_digits=None, decimal_places=2, coerce_to_string=True, allow_null=True
    )
    count = serializers.IntegerField()


class BannerSerializer(serializers.Serializer[Any]):
    """A banner above the results."""

    text = serializers.CharField()
    link = AbsoluteURLField()
    picture = AbsoluteURLField()


class PartFitSerializer(serializers.Serializer[Any]):
    """How well a result has one thing that the query asks for."""

    text = serializers.CharField()
    facet = serializers.CharField()
    fit = serializers.FloatField()
    lacking = serializers.BooleanField()
    importance = serializers.FloatField()


class ResultExplainedSerializer(serializers.Serializer[Any]):
    """What one result is made of; in the order of the results."""

    position = serializers.IntegerField()
    match = serializers.CharField()
    score = serializers.FloatField()
    parts = PartFitSerializer(many=True)
    coverage = serializers.FloatField(allow_null=True)
    keyword_rank = serializers.IntegerField(allow_null=True)
    image = serializers.FloatField(allow_null=True)
    image_rank = serializers.IntegerField(allow_null=True)
    text = serializers.FloatField(allow_null=True)
    text_rank = serializers.IntegerField(allow_null=True)
    rules = serializers.ListField(child=serializers.CharField())


class ExplanationSerializer(serializers.Serializer[Any]):
    """How a page of results came about, for staff."""

    version = serializers.CharField()
    artifact = serializers.CharField()
    encoded = serializers.CharField()
    in_pieces = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    image_noise = serializers.FloatField()
    text_noise = serializers.FloatField()
    rules = serializers.ListField(child=serializers.CharField())
    conflicts = serializers.ListField(child=serializers.CharField())
    results = ResultExplainedSerializer(many=True)
