"""Settings that may be tried in one search or one evaluation, beside those that shoppers search with."""

import json
from collections.abc import Mapping
from typing import Any

from ..exceptions import InvalidQuery

# What else there is would change the index, or what is kept between searches.
TRIED = (
    "WEIGHTS",
    "VARIANTS",
    "ENOUGH",
    "RESULTS",
    "CANDIDATES",
    "MIN_SIMILARITY",
    "EXACT_BELOW",
    "EF_SEARCH",
)


def read_settings(stated: str) -> Mapping[str, Any]:
    """Read settings of a search, written as JSON.

    Raises:
        InvalidQuery: they are no JSON object, or name settings that are not of a search.
    """
    if not stated:
        return {}
    try:
        given = json.loads(stated)
    except ValueError as error:
        raise InvalidQuery("invalid_settings", f"The settings are no JSON: {error}.") from error
    if not isinstance(given, dict) or not set(given) <= set(TRIED):
        raise InvalidQuery(
            "invalid_settings",
            f'The settings must be an object such as {{"VARIANTS": 1}}, of {", ".join(TRIED)}.',
        )
    return given
