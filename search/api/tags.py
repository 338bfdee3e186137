"""GET and POST tags/, GET words/: words for a product or a photo, and words that mean nearly the same."""

from typing import Any

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from ..conf import get_settings
from ..engine.browse import find_product
from ..engine.photos import MemoryOnly, embedding_of, take_photo, told_by
from ..engine.turning import TURNS
from ..exceptions import InvalidQuery
from ..tags.review import accepted_tags
from ..tags.suggest import FoundTags, active_tagger, similar_words, tags_for_embeddings, tags_for_product
from ..text import clean_text
from ..vectors import from_literal
from .access import PhotoThrottle
from .errors import NoSuchProduct
from .http import represent
from .parameters import limited_parameters, refuse_parameters
from .photo import PhotoSerializer, stated_part
from .schema import LIMIT, TAGGED_PRODUCT, WORD, errors, operation
from .views import PublicView

PER_KIND = 5  # words of each kind
WORDS = 10


class SimilarWordSerializer(serializers.Serializer[Any]):
    """A word of the vocabulary near to another."""

    kind = serializers.CharField(help_text="A facet, or what the word describes: neckline, style ...")
    word = serializers.CharField()
    similarity = serializers.FloatField(help_text="From -1 to 1; higher is nearer.")


class TagSerializer(SimilarWordSerializer):
    """A word for a picture."""

    confidence = serializers.FloatField(
        min_value=0, max_value=1, help_text="Estimated probability that the word fits."
    )


class KindsField(serializers.DictField):
    """The surest words of each kind."""

    child = TagSerializer(many=True)


class TagsSerializer(serializers.Serializer[Any]):
    """Words for a picture, surest first: those that are sure enough to be suggested, and the first of each kind."""

    tags = TagSerializer(many=True)
    kinds = KindsField()


class ProductTagsSerializer(TagsSerializer):
    """Words for a product."""

    sku = serializers.CharField()
    accepted = serializers.ListField(
        child=serializers.CharField(), help_text="Words that the shop has accepted."
    )


class PhotoTagsSerializer(TagsSerializer):
    """Words for a photo."""

    photo = serializers.CharField(help_text="Token of the photo, for `search/`.")
    turned = serializers.ChoiceField(
        TURNS, help_text="Degrees clockwise by which the photo was turned before it was looked at."
    )


class SimilarWordsSerializer(serializers.Serializer[Any]):
    """Words that mean nearly the same, nearest first."""

    query = serializers.CharField()
    words = SimilarWordSerializer(many=True)


class TagView(PublicView):
    """GET and POST /tags/: words for a product, or for a photo that is sent."""

    parser_classes = (MultiPartParser,)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Have the photo stay in memory."""
        request.upload_handlers = [MemoryOnly(request)]
        return super().initialize_request(request, *args, **kwargs)

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the throttles of photos, too, for requests that send one."""
        photo = [PhotoThrottle()] if self.request.method == "POST" else []
        return [*photo, *super().get_throttles()]

    @operation(
        operation_id="product_tags",
        tags=["catalogue"],
        summary="Words for a product",
        parameters=[TAGGED_PRODUCT, LIMIT],
        responses={200: ProductTagsSerializer, **errors(404)},
    )
    def get(self, request: Request) -> Response:
        """Answer the words for the pictures of the product with this SKU, and those that were accepted for it."""
        sku, limit = limited_parameters(request.query_params, "product", PER_KIND)
        if "product" not in request.query_params:
            raise InvalidQuery("no_product", "Name the product by its SKU: tags/?product=SKU.")
        found = find_product(sku)
        if found is None:
            raise NoSuchProduct(sku)
        shown = {
            "sku": found.card.sku,
            "accepted": accepted_tags(found.key),
            **_shown(tags_for_product(found.key), limit),
        }
        return Response(represent(ProductTagsSerializer, shown, request))

    @operation(
        operation_id="photo_tags",
        tags=["search"],
        summary="Words for a photo",
        description="The photo is processed in memory and not stored.",
        request={"multipart/form-data": PhotoSerializer},
        responses={200: PhotoTagsSerializer, **errors(413, 415)},
    )
    def post(self, request: Request) -> Response:
        """Encode the photo in the field `image`, turned by `turn` and cut to `box`, and answer the words for it; nothing of it is kept."""
        refuse_parameters(request.query_params)
        file = request.FILES.get("image")
        if file is None:
            raise InvalidQuery("no_photo", "Send the photo in the field image of a multipart form.")
        token = take_photo(file, file.size, *stated_part(request._request.POST))
        tagger = active_tagger()
        embedding = from_literal(embedding_of(token, tagger.version))
        shown = {
            "photo": token,
            "turned": told_by(token).turned,
            **_shown(tags_for_embeddings(embedding[None], tagger)[0], PER_KIND),
        }
        return Response(represent(PhotoTagsSerializer, shown, request))


class WordView(PublicView):
    """GET /words/: words of the tag vocabulary that mean nearly the same as `q`."""

    @operation(
        operation_id="words",
        tags=["search"],
        summary="Words that mean nearly the same",
        parameters=[WORD, LIMIT],
        responses={200: SimilarWordsSerializer, **errors()},
    )
    def get(self, request: Request) -> Response:
        """Answer the nearest words, nearest first."""
        text, limit = limited_parameters(request.query_params, "q", WORDS)
        word = clean_text(text, "q")
        if "q" not in request.query_params:
            raise InvalidQuery("no_word", "Name a word or a phrase: words/?q=sneakers.")
        shown = {"query": word, "words": similar_words(word, limit) if word else []}
        return Response(represent(SimilarWordsSerializer, shown, request))


def _shown(found: FoundTags, limit: int) -> dict[str, Any]:
    least = get_settings().tag_confidence
    return {"tags": [tag for tag in found.every if tag.confidence >= least], "kinds": found.kinds(limit)}
