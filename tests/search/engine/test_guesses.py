"""What a photo shows, what comes first for it, and what a shopper may change about that."""

import io

import pytest
from PIL import Image

from search.encoders.artifact import calibrate, read_manifest
from search.encoders.votes import Calibration
from search.engine import Filters, Trial, search, take_photo
from search.exceptions import InvalidQuery
from search.indexing.lexicons import build_lexicon
from search.models import EntryImage
from tests.search.indexed import add, make_version
from tests.tiny_artifact import COLOURS, write_tiny_artifact

SHOES, SANDALS, SHIRTS = ["Footwear", "Shoes"], ["Footwear", "Sandals"], ["Apparel", "Shirts"]
EVEN = Calibration(share=1.0, similarity=0.0, constant=0.0)  # as sure as the share of the votes
# From the nearest to a red photo on: how like red its picture is, and what it is.
SHELF = (
    ("shirt", SHIRTS, "Red", 1.0),
    ("shoe1", SHOES, "Red", 0.96),
    ("shoe2", SHOES, "Blue", 0.92),
    ("sandal", SANDALS, "Red", 0.88),
    ("shoe3", SHOES, "Red", 0.84),
    ("shoe4", SHOES, "Red", 0.80),
)


def photo(colour="red"):
    file = io.BytesIO()
    Image.new("RGB", (60, 80), COLOURS[colour]).save(file, "PNG")
    return take_photo(io.BytesIO(file.getvalue()), len(file.getvalue()))


@pytest.fixture
def version(tmp_path, db, search_settings):
    """The active version of an artifact whose guesses are calibrated."""
    write_tiny_artifact(tmp_path / "artifact", seed=8)
    calibrate(tmp_path / "artifact", {"category": EVEN, "colour": EVEN})
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"ARTIFACT": tmp_path / "artifact"}
    return make_version(tmp_path / "artifact")


@pytest.fixture
def shelf(version):
    red, black = (encoded(version, name) for name in ("red", "yellow"))
    for sku, category, colour, like in SHELF:
        mixed = [like * one + (1 - like) * other for one, other in zip(red, black, strict=True)]
        length = sum(value * value for value in mixed) ** 0.5
        picture = [value / length for value in mixed]
        add(version, sku, sku, facets={"category": category, "colour": [colour]}, pictures=[picture])
    return version


def encoded(version, colour):
    from search.encoders.cache import encoders_for

    return encoders_for(version).encode_images([Image.new("RGB", (6, 8), COLOURS[colour])])[0].tolist()


def skus(answer):
    return [result.card.sku for result in answer.results]


def said(answer):
    return [(one.facet, one.value, one.first, one.chosen) for one in answer.looks_like]


def test_the_kind_that_a_photo_shows_comes_first(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"GUESS_CONFIDENCE": 0.6}
    answer = search(photo=photo())
    assert said(answer) == [("category", "Shoes", True, False), ("colour", "Red", False, False)]
    kind = answer.looks_like[0]
    assert kind.label == "Footwear \u203a Shoes"
    assert 0.6 < kind.confidence < 0.7
    assert [(other.value, other.label) for other in kind.others] == [
        ("Shirts", "Apparel \u203a Shirts"),
        ("Sandals", "Footwear \u203a Sandals"),
    ]
    assert skus(answer) == ["shoe1", "shoe2", "shoe3", "shoe4", "sandal", "shirt"]
    assert (answer.total, answer.matching, answer.complete) == (6, 4, True)


def test_where_the_lowest_category_is_not_sure_one_above_it_is_said(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"GUESS_CONFIDENCE": 0.75}
    answer = search(photo=photo())
    assert said(answer)[0] == ("category", "Footwear", True, False)
    assert skus(answer) == ["shoe1", "shoe2", "shoe3", "shoe4", "sandal", "shirt"]


def test_what_is_not_sure_is_not_said_and_votes_count_beside_similarity(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"GUESS_CONFIDENCE": 0.95}
    answer = search(photo=photo(), trial=Trial(explain=True))
    assert (said(answer), answer.matching) == ([], 6)
    assert skus(answer) == ["shoe1", "shoe2", "shoe3", "shoe4", "sandal", "shirt"]
    shown = [result.shown for result in answer.explanation.results]
    shoe, sandal, shirt = shown[0], *shown[4:]
    assert shoe > sandal > shirt > 0
    assert shoe + shirt / 2 < 1  # shoes, sandals and shirts share the votes; shoes and sandals are footwear


def test_without_their_weight_similarity_alone_decides(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "GUESS_CONFIDENCE": 0.95,
        "WEIGHTS": {"shown": 0.0},
    }
    assert skus(search(photo=photo())) == [row[0] for row in SHELF]


def test_words_that_name_a_kind_leave_no_say_to_the_photo(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"GUESS_CONFIDENCE": 0.95}
    build_lexicon(shelf)
    words = search("sandals", photo=photo(), spelling=False, trial=Trial(explain=True))
    assert skus(words)[0] == "sandal"
    assert {result.shown for result in words.explanation.results} == {None}


def test_a_guess_that_is_taken_back_leaves_the_order_to_similarity(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"GUESS_CONFIDENCE": 0.6}
    answer = search(photo=photo(), looks=["category="])
    assert said(answer) == [("colour", "Red", False, False)]
    assert skus(answer) == [row[0] for row in SHELF]


def test_what_is_chosen_instead_comes_first(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"GUESS_CONFIDENCE": 0.6}
    token = photo()
    answer = search(photo=token, looks=["category=Sandals"])
    assert said(answer)[0] == ("category", "Sandals", True, True)
    assert skus(answer)[:2] == ["sandal", "shirt"]
    assert [other.value for other in answer.looks_like[0].others] == ["Shoes", "Shirts"]
    both = search(photo=token, looks=["colour=Blue"])
    assert skus(both)[:3] == ["shoe2", "shoe1", "shoe3"]  # the kind first, and there the colour
    assert (both.matching, both.total) == (1, 6)


def test_of_the_kind_more_is_found_than_is_nearest(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "GUESS_CONFIDENCE": 0.6,
        "CANDIDATES": 3,
        "EXACT_BELOW": 1,
    }
    answer = search(photo=photo(), looks=["category=Sandals"])
    assert skus(answer)[0] == "sandal"
    assert (answer.total, answer.complete) == (4, False)


def test_filters_words_and_sorts_go_on(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"GUESS_CONFIDENCE": 0.6}
    token = photo()
    apparel = search(photo=token, filters=Filters(facets={"category": ("Apparel",)}))
    assert (skus(apparel), apparel.matching, said(apparel)[0][2]) == (["shirt"], 1, False)
    footwear = search(photo=token, filters=Filters(facets={"category": ("Footwear",)}))
    assert skus(footwear) == ["shoe1", "shoe2", "shoe3", "shoe4", "sandal"]
    newest = search(photo=token, sort="newest")
    assert skus(newest) == ["shoe4", "shoe3", "shoe2", "shoe1", "sandal", "shirt"]
    assert [one.count for one in newest.facets["category"] if one.value == "Footwear"] == [5]
    worded = search("shirt", photo=token, spelling=False)
    assert skus(worded)[:2] == ["shirt", "shoe1"]


def test_later_pages_are_cut_from_the_same_list(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"GUESS_CONFIDENCE": 0.6}
    token = photo()
    first = search(photo=token, page_size=3)
    second = search(photo=token, page_size=3, page=2, token=first.token)
    assert [*skus(first), *skus(second)] == ["shoe1", "shoe2", "shoe3", "shoe4", "sandal", "shirt"]
    assert (second.restarted, said(second), second.closest_from) == (False, said(first), 1)
    assert search(photo=token, page_size=3, page=2, token=first.token, looks=["category="]).restarted


def test_it_is_explained(shelf, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"GUESS_CONFIDENCE": 0.6}
    why = search(photo=photo(), trial=Trial(explain=True)).explanation
    assert why.first[0].startswith("Products with category Shoes come first: the photo shows it, 6")
    assert why.first[1].endswith("sure; the order does not go by it.")
    assert [(item.match, item.first) for item in why.results[3:5]] == [("full", ("Shoes",)), ("close", ())]
    chosen = search(photo=photo(), looks=["category=Sandals"], trial=Trial(explain=True)).explanation
    assert chosen.first[0] == "Products with category Sandals come first: the shopper chose it."


def test_without_calibrations_nothing_is_said_and_choices_count(shelf, tmp_path, search_settings):
    from search.encoders.cache import forget_artifacts

    calibrate(tmp_path / "artifact", {})
    forget_artifacts()
    token = photo()
    assert said(search(photo=token)) == []
    assert skus(search(photo=token, looks=["category=Sandals"]))[0] == "sandal"


def test_calibrating_leaves_the_fingerprint(version, tmp_path):
    manifest = read_manifest(tmp_path / "artifact")
    assert (manifest.fingerprint, manifest.calibrations["colour"]) == (version.fingerprint, EVEN)


def test_a_version_without_pictures_says_nothing(shelf):
    EntryImage.objects.all().delete()
    assert search(photo=photo()).looks_like == ()


@pytest.mark.parametrize("looks", [["category"], ["category=Shoes", "category=Shirts"], ["brand=Acme"], [""]])
def test_what_no_photo_can_show_is_refused(shelf, looks):
    with pytest.raises(InvalidQuery):
        search(photo=photo(), looks=looks)


def test_a_value_that_is_no_text_is_one_that_no_product_has(shelf):
    broken, unknown = (search(photo=photo(), looks=[f"colour={value}"]) for value in ("a\x00", "Nobody's"))
    assert [one.key for one in broken.results] == [one.key for one in unknown.results] != []
