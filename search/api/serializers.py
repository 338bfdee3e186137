"""The shapes of the API's answers."""

from typing import Any

from rest_framework import serializers

from ..engine.answers import AT_LEAST, EXACT, SearchAnswer
from ..engine.boxes import PROPOSED
from ..engine.turning import TURNS


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
    """A stretch of the query that names values of a facet, a price, an order, a product's code, or what is not wanted."""

    text = serializers.CharField()
    facet = serializers.CharField(
        help_text="Facet of the values; price, sort (by price or -price) or code (of a product); empty for a negated word that names no value."
    )
    values = serializers.ListField(child=serializers.CharField())
    implied = serializers.BooleanField()
    negated = serializers.BooleanField(
        help_text='True for what no result has, such as "Printed" for "without print".'
    )
    without = serializers.CharField()
    says = serializers.CharField(
        help_text="What it was understood as, where the values alone would not tell, such as a size of another system, or what serves a purpose; else empty."
    )
    soft = serializers.BooleanField(
        help_text="True for a purpose or an occasion beside other words: what serves it comes first, and nothing is missing without it."
    )


class RelaxedPartSerializer(serializers.Serializer[Any]):
    """A part of the query that was dropped, because no product has it with the rest."""

    text = serializers.CharField(help_text="As typed; what another part implies where it was not typed.")
    facet = serializers.CharField(help_text="Facet of the values; empty for a word.")
    values = serializers.ListField(child=serializers.CharField(), help_text="As understood.")


class BlockingSerializer(serializers.Serializer[Any]):
    """A filter, or a price in the query, without which something would be found."""

    filter = serializers.CharField(help_text="A facet, price or in_stock.")
    values = serializers.ListField(
        child=serializers.CharField(), help_text="What is chosen of the facet; empty for price and in_stock."
    )
    matching = serializers.IntegerField(
        min_value=0, help_text="How many products would meet the whole query without it."
    )
    similar = serializers.IntegerField(
        min_value=0, help_text="How many more would be of the kind that the query names."
    )
    text = serializers.CharField(help_text="The price as typed, where the query states it; else empty.")
    without = serializers.CharField(help_text="The query without that price; else empty.")


class FacetCountSerializer(serializers.Serializer[Any]):
    """A value of a facet and how many results have it: of those that match, or of a relaxed query, that have all the rest."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class FacetValueCountSerializer(FacetCountSerializer):
    """The same with the value above it, for facets that are trees."""

    parent = serializers.CharField()  # type: ignore[assignment]  # declared fields leave the class's attributes alone


class FacetValueSerializer(FacetCountSerializer):
    """A value, its facet, and how many products have it."""

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


class GuessSerializer(serializers.Serializer[Any]):
    """A value of a facet that a photo may show."""

    facet = serializers.CharField()
    value = serializers.CharField(help_text="As filters and `looks` take it.")
    confidence = serializers.FloatField(help_text="How likely it is right, from 0 to 1.")
    label = serializers.CharField(  # type: ignore[assignment]  # declared fields leave the class's attributes alone
        help_text="The value with what lies above it, as people read it."
    )


class LooksLikeSerializer(GuessSerializer):
    """What a photo shows."""

    first = serializers.BooleanField(help_text="Whether products that have it come first.")
    chosen = serializers.BooleanField(help_text="Whether `looks` chose it.")
    others = GuessSerializer(many=True, help_text="Values to choose from instead, likeliest first.")


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
    first = serializers.ListField(child=serializers.CharField())
    literal = serializers.FloatField(
        help_text="How far it holds the very words that were typed, where others are taken for them as well."
    )
    shown = serializers.FloatField(
        allow_null=True, help_text="Share of the votes for what the photo shows that its kind has."
    )


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
    first = serializers.ListField(child=serializers.CharField())
    results = ResultExplainedSerializer(many=True)


class DegradedSerializer(serializers.Serializer[Any]):
    """What every answer says that may have to leave something out."""

    degraded = serializers.CharField(help_text="Empty, or sentences that say what does not work.")
    left_out = serializers.ListField(
        child=serializers.CharField(),
        help_text=(
            "Names of the requested parts that are missing from the answer: results (the search could not run), products, embeddings, look, counts, spelling,"
            " lexicon, token, words, cards (products of this page that cannot be shown; totals count them). Filters are never left out."
        ),
    )


class ErrorDetailSerializer(serializers.Serializer[Any]):
    """What went wrong."""

    code = serializers.CharField(help_text="For programs; the same in every language.")
    message = serializers.CharField(help_text="For people: a sentence with the remedy.")


class ErrorAnswerSerializer(serializers.Serializer[Any]):
    """The body of every error."""

    error = ErrorDetailSerializer()


class FacetsField(serializers.DictField):
    """The counted values of each facet, by its name."""

    child = FacetValueCountSerializer(many=True)


class SearchAnswerSerializer(DegradedSerializer):
    """One page of results, and totals and counts over all of them."""

    search = serializers.UUIDField(
        allow_null=True, help_text="Id of the search, for events; null where it is not logged."
    )
    query = serializers.CharField(help_text="What was searched for.")
    typed = serializers.CharField(
        help_text="The query as typed; differs from `query` where its spelling was corrected."
    )
    total = serializers.IntegerField(min_value=0)
    matching = serializers.IntegerField(
        min_value=0,
        help_text="How many of the first results meet the whole query; the others are similar. 0 where parts of the query were dropped.",
    )
    similar = serializers.IntegerField(
        min_value=0, help_text="How many results lack something of the query: total without `matching`."
    )
    fitting = serializers.IntegerField(
        min_value=0,
        help_text="Where parts of the query were dropped, how many of the first results meet all the rest; else 0.",
    )
    relaxed = RelaxedPartSerializer(
        many=True,
        help_text="Parts that were dropped, because no product meets the whole query: the least important ones.",
    )
    showing = serializers.CharField(
        help_text="The rest of such a query, as typed; empty where only the closest are shown."
    )
    blocked_by = BlockingSerializer(
        many=True,
        help_text="Where nothing meets the whole query: filters without which something would be found. They are never dropped.",
    )
    complete = serializers.BooleanField(help_text="False where more products may match than were considered.")
    total_is = serializers.ChoiceField(
        choices=(EXACT, AT_LEAST),
        help_text="Whether totals and counts are exact, or lower bounds where more products may match than were considered.",
    )
    took_ms = serializers.FloatField(min_value=0)
    understood = UnderstoodPartSerializer(many=True)
    unknown = serializers.ListField(
        child=serializers.CharField(), help_text="Words of the query that no product contains."
    )
    notes = serializers.ListField(
        child=serializers.CharField(),
        help_text="Sentences about what of the query was not applied, was converted, or is nearest to a code that no product has.",
    )
    language = serializers.CharField(
        help_text="ISO 639-1 code of the list of words that the query was read with; empty for the catalogue's own language."
    )
    results = ResultSerializer(many=True)
    facets = FacetsField()
    price_ranges = PriceRangeSerializer(many=True)
    in_stock = serializers.IntegerField(
        min_value=0, help_text="How many of the results that facets count are in stock."
    )
    page = serializers.IntegerField(min_value=1)
    token = serializers.CharField(
        help_text="For other pages and sorts of the same list; empty where there is only one page."
    )
    photo = serializers.CharField(help_text="Token of the photo that was searched with; empty without one.")
    turned = serializers.ChoiceField(
        TURNS, help_text="Degrees clockwise by which that photo was turned before it was looked at."
    )
    boxes = serializers.ListField(
        child=serializers.CharField(),
        max_length=PROPOSED,
        help_text="Pieces that the photo may show, on the photo as it is turned: send it again with one of them as `box`.",
    )
    looks_like = LooksLikeSerializer(
        many=True, help_text="What the photo shows, where that is likely enough."
    )
    restarted = serializers.BooleanField(
        help_text="The token was too old or of another search: this is the first page of a fresh list."
    )
    next = serializers.URLField(allow_null=True, help_text="Address of the next page.")
    instead = serializers.ListField(
        child=serializers.CharField(), help_text="Queries to try where nothing is found."
    )
    redirect = serializers.CharField(help_text="Where the query leads instead; empty for most.")
    banners = BannerSerializer(many=True)
    explanation = ExplanationSerializer(required=False)
    stages = serializers.DictField(child=serializers.FloatField(), required=False)

    @classmethod
    def fields_of(cls, answer: SearchAnswer, *, explained: bool) -> dict[str, Any]:
        """Return the fields of an answer that this serializer declares.

        Args:
            answer: what was answered.
            explained: whether to show how it came about.
        """
        hidden = () if explained else ("explanation", "stages")
        declared = [name for name in cls._declared_fields if name not in hidden]
        return {name: getattr(answer, name) for name in declared if hasattr(answer, name)}


class SimilarAnswerSerializer(DegradedSerializer):
    """Products like another one, most similar first."""

    sku = serializers.CharField()
    complete = serializers.BooleanField()
    took_ms = serializers.FloatField(min_value=0)
    results = ResultSerializer(many=True)


class SpanField(serializers.ListField):
    """Places of characters: the first, and the one behind the last."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.IntegerField(min_value=0), min_length=2, max_length=2, **options)


class MatchedSerializer(serializers.Serializer[Any]):
    """For each suggestion of a group, in their order, the parts of its text that were typed; what is between completes it."""

    queries = serializers.ListField(child=serializers.ListField(child=SpanField()))
    categories = serializers.ListField(child=serializers.ListField(child=SpanField()))
    brands = serializers.ListField(child=serializers.ListField(child=SpanField()))
    products = serializers.ListField(
        child=serializers.ListField(child=SpanField()), help_text="In the names of products."
    )


class SuggestAnswerSerializer(DegradedSerializer):
    """Suggestions for the beginning of a query, each of which finds something; without one, what others look for."""

    query = serializers.CharField()
    queries = serializers.ListField(child=serializers.CharField())
    categories = FacetValueSerializer(many=True)
    brands = FacetCountSerializer(many=True)
    products = CardSerializer(many=True)
    matched = MatchedSerializer()


class ProductPageSerializer(DegradedSerializer):
    """A page of the catalogue."""

    total = serializers.IntegerField(min_value=0)
    results = CardSerializer(many=True)
    next = serializers.URLField(
        allow_null=True, help_text="Address of the next page; its cursor never skips nor repeats a product."
    )


class CategorySerializer(serializers.Serializer[Any]):
    """A category and what it holds."""

    name = serializers.CharField()
    parent = serializers.CharField(  # type: ignore[assignment]  # declared fields leave the class alone
        help_text="Name of the category above; empty for a root."
    )
    count = serializers.IntegerField(min_value=0, help_text="Products in the category and below it.")
    search = AbsoluteURLField(help_text="Address of a search for its products.")


class CategoriesSerializer(DegradedSerializer):
    """All categories, each after its parent."""

    results = CategorySerializer(many=True)
