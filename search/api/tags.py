"""GET and POST tags/, GET words/: words for a product or a photo, and words that mean nearly the same."""

from typing import Any

import numpy as np
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ..conf import get_settings
from ..exceptions import InvalidQuery
from ..models import ProductTag
from ..retrieval.cleaning import clean_text
from ..searching import Box, MemoryOnly, find_product, take_photo
from ..searching.photos import embedding_of
from ..tags import FoundTags, similar_words, tags_for_embeddings, tags_for_product
from ..tags.serving import active_tagger
from .errors import not_found
from .parameters import limited_parameters, refuse_parameters
from .views import PublicView

PER_KIND = 5  # words of each kind
WORDS = 10


class TagSerializer(serializers.Serializer[Any]):
    """A word for a picture: how near it is, and how sure it is that it fits."""

    kind = serializers.CharField()
    word = serializers.CharField()
    similarity = serializers.FloatField()
    confidence = serializers.FloatField()


class SimilarWordSerializer(serializers.Serializer[Any]):
    """A word of the vocabulary near to another."""

    kind = serializers.CharField()
    word = serializers.CharField()
    similarity = serializers.FloatField()


class TagView(PublicView):
    """GET and POST /tags/: words for a product, or for a photo that is sent."""

    parser_classes = (MultiPartParser,)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Have the photo stay in memory."""
        request.upload_handlers = [MemoryOnly(request)]
        return super().initialize_request(request, *args, **kwargs)

    def get(self, request: Request) -> Response:
        """Answer the words for the pictures of the product with this SKU, and those that were accepted for it."""
        sku, limit = limited_parameters(request.query_params, "product", PER_KIND)
        if not sku.strip():
            raise InvalidQuery("no_product", "Name the product by its SKU: tags/?product=SKU.")
        found = find_product(sku)
        if found is None:
            return not_found(sku)
        accepted = ProductTag.objects.accepted_of([found.key]).get(found.key, ())
        return _answer(
            tags_for_product(found.key), limit, {"sku": found.card.sku, "accepted": list(accepted)}
        )

    def post(self, request: Request) -> Response:
        """Encode the photo in the field `image`, cut to `box`, and answer the words for it; nothing of it is kept."""
        refuse_parameters(request.query_params)
        file = request.FILES.get("image")
        if file is None:
            raise InvalidQuery("no_photo", "Send the photo in the field image of a multipart form.")
        token = take_photo(file, file.size, Box.read(request._request.POST.get("box", "")))
        tagger = active_tagger()
        literal = embedding_of(token, tagger.version)
        embedding = np.array([float(value) for value in literal[1:-1].split(",")], dtype=np.float32)
        return _answer(tags_for_embeddings(embedding[None], tagger)[0], PER_KIND, {"photo": token})


class WordView(PublicView):
    """GET /words/: words of the tag vocabulary that mean nearly the same as `q`."""

    def get(self, request: Request) -> Response:
        """Answer the nearest words, nearest first."""
        text, limit = limited_parameters(request.query_params, "q", WORDS)
        word = clean_text(text, "q")
        if not word:
            raise InvalidQuery("no_word", "Name a word or a phrase: words/?q=sneakers.")
        found = similar_words(word, limit)
        return Response({"query": word, "words": SimilarWordSerializer(found, many=True).data})


def _answer(found: FoundTags, limit: int, more: dict[str, Any]) -> Response:
    least = get_settings().tag_confidence
    sure = [tag for tag in found.every if tag.confidence >= least]
    kinds = found.kinds(limit)
    return Response(
        {
            **more,
            "tags": TagSerializer(sure, many=True).data,
            "kinds": {kind: TagSerializer(tags, many=True).data for kind, tags in kinds.items()},
        }
    )
