"""Which of the media types that a client accepts are looked at."""

import re

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

_EXTENDED = re.compile(r"\*\s*=")  # name*=utf-8''value


class PlainNegotiation(DefaultContentNegotiation):
    """REST framework's own, without media types whose parameters state an encoding.

    What is decoded is put into the media type of the answer, where half a surrogate pair or another parameter ends in an error.
    """

    def get_accept_list(self, request: Request) -> list[str]:
        """Return the media types of the header, the odd ones left out."""
        accepted: list[str] = super().get_accept_list(request)
        return [media_type for media_type in accepted if not _EXTENDED.search(media_type)]
