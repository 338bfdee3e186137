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
