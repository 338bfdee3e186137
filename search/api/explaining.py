"""`explain=1` of the search: why each result is one, for staff."""

from typing import Any

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from ..searching.explaining import Explained

PERMISSION = "fashion_search.view_queryday"  # as for the inspector and the workbench


class TermFitSerializer(serializers.Serializer[Any]):
    """How well a product fits one thing that was asked for."""

    text = serializers.CharField()
    implied = serializers.BooleanField()
    importance = serializers.FloatField()
    fit = serializers.FloatField()
    needed = serializers.FloatField()
    missing = serializers.BooleanField()
    found_in = serializers.CharField()


class FiredSerializer(serializers.Serializer[Any]):
    """A rule that took effect."""

    rule = serializers.IntegerField(source="rule_id")
    sentence = serializers.CharField()


class ExplanationSerializer(serializers.Serializer[Any]):
    """What a product's score is made of, and its ranks among the candidates."""

    match = serializers.CharField()
    score = serializers.FloatField()
    coverage = serializers.FloatField()
    keyword_rank = serializers.IntegerField()
    image_similarity = serializers.FloatField(allow_null=True)
    image_rank = serializers.IntegerField(allow_null=True)
    text_similarity = serializers.FloatField(allow_null=True)
    text_rank = serializers.IntegerField(allow_null=True)
    cheap = serializers.FloatField()
    kids = serializers.FloatField()
    terms = TermFitSerializer(many=True)
    rules = FiredSerializer(many=True)


def authenticators_for(request: HttpRequest) -> list[BaseAuthentication]:
    """Return what tells who asks; nothing where no explanation is asked for, so that other searches read no session."""
    # The parameters themselves may be too many to be read, which is an answer of its own, given later.
    return [SessionAuthentication()] if "explain=" in request.META.get("QUERY_STRING", "") else []


def refuse_strangers(request: Request) -> None:
    """Let nobody through but staff who may see the pages of insight.

    Raises:
        PermissionDenied: somebody else asks, or nobody is logged in.
    """
    if not (request.user.is_staff and request.user.has_perm(PERMISSION)):
        raise PermissionDenied(
            "Explanations are for staff who may view queries: log in to the admin, or leave explain out."
        )


def add_explanations(answer: dict[str, Any], explained: Explained) -> None:
    """Put an explanation beside each result, and what else only staff see into the answer; changes it."""
    for shown, result in zip(answer["results"], explained.answer.results, strict=True):
        explanation = explained.explanations.get(str(result.product.pk))
        shown["explanation"] = ExplanationSerializer(explanation).data if explanation else None
    asked, version = explained.asked, explained.version
    answer["explanation"] = {
        "version": version.pk if version else None,
        "fingerprint": version.fingerprint if version else "",
        "candidates": len(explained.steps.scored) if explained.steps else None,
        "image_noise": asked.words.image_noise if asked else None,
        "text_noise": asked.words.text_noise if asked else None,
        "stages": dict(explained.answer.stages),
        "conflicts": [conflict.sentence for conflict in explained.conflicts],
    }
