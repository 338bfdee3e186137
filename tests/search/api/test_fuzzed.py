"""Every operation against data that fits the description and data that does not: no 5xx, nothing undescribed."""

import io

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from search.api import access as throttling
from search.indexing.lexicons import build_lexicon
from search.tags.refresh import refresh_tags

pytestmark = [pytest.mark.usefixtures("redis_server")]

OPERATIONS = ["search", "search_photo", "suggest", "products", "product", "similar", "categories", "event",
              "product_tags", "photo_tags", "words"]  # fmt: skip
QUICK = ("search", "similar", "event")
UNREFUSED = ("product", "categories")  # whose parameters, if any, may be every text
TOO_LONG = 414


@pytest.fixture
def described(version, shirts, settings, application):
    build_lexicon(version)
    refresh_tags()
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_RATE": "", "PHOTO_RATE": "", "EVENTS_RATE": ""}
    throttling.breaker.close()
    return schemathesis.openapi.from_wsgi("/api/v1/schema/", application)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        pytest.param(name, mode, marks=() if name in QUICK else pytest.mark.long)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for name in OPERATIONS
        if mode is GenerationMode.POSITIVE or name not in UNREFUSED
    ],
)
def test_answers_are_as_described(described, name, mode):
    operation = described.find_operation_by_id(name)

    @given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis_settings(derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def send(case):
        fits = mode is GenerationMode.POSITIVE
        if fits:
            _make_true(case)
        elif isinstance(case.body, dict) and [] in case.body.values():
            return  # a form cannot hold an empty list: it is sent without the field, which is right
        elif case.query.get("sort") == "" or "token" in case.query:
            return  # an empty sort, as forms send it, is taken for none; so is a list that is not known (any more)
        response = case.call(headers={"Accept-Encoding": "identity"})
        if response.status_code == TOO_LONG:
            return  # the shop refuses it before the plugin, whose description does not know the shop's limit
        # What was made true counts as changed, so that it would be taken for data that does not fit.
        case.validate_response(response, excluded_checks=[negative_data_rejection] if fits else [])

    send()


def _make_true(case):
    """Give what no description can say: tokens that were signed here, two prices in their order, one value of a photo's facet, a picture, and a box inside of it."""
    for token in ("photo", "cursor"):
        case.query.pop(token, None)
    if "looks" in case.query:
        case.query["looks"] = ["category=Shirts"]  # which facets are guessed, each once, is the host's matter
    if "price_min" in case.query:
        case.query.pop("price_max", None)  # which may be the lower one
    if case.method == "POST" and case.path.endswith(("/photo/", "/tags/")):
        picture = io.BytesIO()
        Image.new("RGB", (30, 40), "red").save(picture, "JPEG")
        case.body = {"image": picture.getvalue(), "box": "0.1,0.1,0.9,0.9"}
