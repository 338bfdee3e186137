"""Photos to search with."""

import io
import time

import numpy as np
import pytest
from django.core import signing
from PIL import Image

from search.encoders.cache import encoders_for
from search.engine import Box, Filters, Trial, photos, search, take_photo
from search.engine.photos import point_of
from search.engine.request import References
from search.exceptions import EncoderTimeout, InvalidQuery, NoVersion
from search.indexing.lexicons import build_lexicon
from search.merchandising.snapshots import forget_snapshot
from search.models import IndexEntry, IndexVersion, MerchandisingRule
from tests.search.indexed import add, unit


def photo(colour="red", size=(40, 60), kind="JPEG", **options):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **options)
    return io.BytesIO(file.getvalue()), len(file.getvalue())


def skus(answer):
    return [result.card.sku for result in answer.results]


def embedding(version, colour):
    return list(encoders_for(version).encode_images([Image.new("RGB", (40, 60), colour)])[0])


@pytest.fixture
def colours(version):
    """One product per colour, each with a picture of it."""
    for colour, price in (("red", 100), ("blue", 200), ("green", 300)):
        add(
            version, colour, f"Linen {colour}", price=price, facets={"colour": [colour.title()]},
            pictures=[embedding(version, colour)],
        )  # fmt: skip
    add(version, "bare", "Linen without a picture")
    return version


@pytest.mark.parametrize("colour", ["red", "blue", "green"])
def test_what_looks_like_it_comes_first(colours, colour):
    answer = search(photo=take_photo(*photo(colour)))
    assert skus(answer)[0] == colour
    assert set(skus(answer)) == {"red", "blue", "green"}
    assert (answer.total, answer.matching, answer.complete, answer.degraded) == (3, 3, True, "")
    assert answer.results[0].score > answer.results[1].score


def test_filters_sorts_stock_and_rules_hold(colours):
    token = take_photo(*photo("red"))
    answer = search(photo=token, filters=Filters(facets={"colour": ("Blue", "Green")}))
    assert sorted(skus(answer)) == ["blue", "green"]
    assert {count.value: count.count for count in answer.facets["colour"]} == {
        "Red": 1,
        "Blue": 1,
        "Green": 1,
    }
    assert skus(search(photo=token, sort="-price")) == ["green", "blue", "red"]
    IndexEntry.objects.filter(sku="red").update(in_stock=False)
    assert "red" not in skus(search(photo=token, filters=Filters(in_stock=True)))
    MerchandisingRule.objects.create(
        action="hide", facet="colour", value="Green", phrase="linen", place="query"
    )
    forget_snapshot()
    assert "green" not in skus(search("linen", photo=token))


def test_what_has_the_words_comes_first(colours):
    token = take_photo(*photo("red"))
    answer = search("blue", photo=token)
    assert (skus(answer)[0], answer.matching, answer.total) == ("blue", 1, 3)
    assert "bare" not in skus(search("linen", photo=token))  # it looks like nothing


def test_pages_are_cut_from_one_list(colours, redis_server):
    token = take_photo(*photo("red"))
    first = search(photo=token, page_size=2)
    IndexEntry.objects.filter(sku=skus(first)[0]).update(facets=[])
    second = search(photo=token, page_size=2, page=2, token=first.token)
    assert (second.restarted, second.total) == (False, 3)
    assert sorted(skus(first) + skus(second)) == ["blue", "green", "red"]
    other = search(photo=take_photo(*photo("blue")), page_size=2, page=2, token=first.token)
    assert other.restarted


def test_only_the_box_is_searched_with(colours):
    both = Image.new("RGB", (100, 60), "blue")
    both.paste("green", (50, 0, 100, 60))
    file = io.BytesIO()
    both.save(file, "PNG")
    for box, colour in ((Box(right=0.5), "blue"), (Box(left=0.5), "green")):
        assert skus(search(photo=take_photo(io.BytesIO(file.getvalue()), 1, box)))[0] == colour


@pytest.mark.parametrize(
    "corners",
    [
        (0, 0, 0, 1),
        (0.5, 0, 0.4, 1),
        (0, 0, 1.2, 1),
        (-0.1, 0, 1, 1),
        (0, 0, 0.01, 1),
        (float("nan"), 0, 1, 1),
    ],
)
def test_a_box_that_is_none_is_refused(corners):
    with pytest.raises(InvalidQuery, match="box must be"):
        Box(*corners)


def test_a_box_may_have_blanks_but_not_any_number_of_them():
    assert Box.read(" 0.1, 0.2,0.9 ,0.8") == Box(0.1, 0.2, 0.9, 0.8)
    with pytest.raises(InvalidQuery, match="box must be"):
        Box.read(" " * 201)


def test_every_orientation_gives_the_same(colours):
    # A photo that is red above and blue below, stored turned in each of the eight ways that cameras have.
    upright = Image.new("RGB", (40, 60), "red")
    upright.paste("blue", (0, 30, 40, 60))
    turned = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    found = []
    for orientation, way in turned.items():
        stored = upright if way is None else upright.transpose(way)
        exif = Image.Exif()
        exif[0x0112] = orientation
        file = io.BytesIO()
        stored.save(file, "PNG", exif=exif)
        token = take_photo(io.BytesIO(file.getvalue()), 1, Box(bottom=0.5))
        found.append(skus(search(photo=token))[0])
    assert found == ["red"] * 8


@pytest.mark.parametrize(
    ("file", "size", "said"),
    [
        (
            io.BytesIO(b"no picture"),
            10,
            "The file is not a JPEG, PNG, WebP, AVIF or HEIC picture. Send a JPEG",
        ),
        (io.BytesIO(b""), 0, "Send a JPEG, PNG, WebP, AVIF or HEIC photo."),
        (io.BytesIO(b"x"), 8_000_001, "The photo has more than 8 MB: make it smaller."),
        (photo(kind="GIF")[0], 10, "The file is not a JPEG, PNG, WebP, AVIF or HEIC picture."),
        (photo(size=(6000, 5000))[0], 10, "the limit is 25 megapixels"),
        (io.BytesIO(photo()[0].getvalue()[:200]), 200, "The picture is damaged"),
    ],
)
def test_what_is_no_photo_is_refused_in_a_sentence(colours, file, size, said):
    with pytest.raises(InvalidQuery, match=said):
        take_photo(file, size)


def test_a_token_is_signed_expires_and_belongs_to_its_artifact(colours, search_settings):
    token = take_photo(*photo())
    for wrong in ("forged", token[:-2], "a" * 5000, signing.dumps(["x"], salt=photos.SALT)):
        with pytest.raises(InvalidQuery, match="send it again"):
            search(photo=wrong)
    other = IndexVersion(fingerprint="another", dimension=32)
    with pytest.raises(InvalidQuery, match="send it again"):
        photos.embedding_of(token, other)
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"PHOTO_SECONDS": 1}
    time.sleep(2.1)
    with pytest.raises(InvalidQuery, match="send it again"):
        search(photo=token)


def test_a_token_holds_the_embedding_the_turn_and_boxes_alone(colours):
    fingerprint, packed, turn, boxes = signing.loads(take_photo(*photo()), salt=photos.SALT)
    assert turn == 0
    assert [len(box) for box in boxes] == [4] * len(boxes)
    assert (len(fingerprint), len(packed)) == (16, 32 * 2 * 5 / 4)
    assert np.isfinite(embedding(colours, "red")).all()


def test_too_many_photos_at_once_are_refused(colours, search_settings, monkeypatch):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"ENCODE_TIMEOUT_MS": 50}
    monkeypatch.setattr(photos, "open_picture", lambda *args, **options: time.sleep(0.5))
    with pytest.raises(EncoderTimeout):
        take_photo(*photo())


def test_without_an_index_there_is_nothing_to_look_through(db, search_settings):
    with pytest.raises(NoVersion, match="no search index yet"):
        take_photo(*photo())


def test_a_failing_index_leaves_an_empty_degraded_answer(colours, monkeypatch, caplog):
    from django.db import connection

    def fail(*args, **options):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing")

    token = take_photo(*photo())
    monkeypatch.setattr("search.engine.ranking.image_leg", fail)
    answer = search(photo=token)
    assert (answer.results, bool(answer.degraded)) == ([], True)


def test_it_is_explained_like_a_search_by_words(colours):
    token = take_photo(*photo("red"))
    first = search("linen", photo=token, trial=Trial(explain=True)).explanation.results[0]
    assert first.image_rank == 1
    assert [part.text for part in first.parts] == ["linen"]


# More like this, less like that.


@pytest.fixture
def shelf(version):
    """Products along a quarter of a circle from the first direction to the second, and one far from both."""
    for number in range(5):
        angle = number * np.pi / 8
        pictures = [unit(np.cos(angle), np.sin(angle))]
        add(version, f"P{number}", "Linen dress" if number % 2 else "Cotton dress", pictures=pictures)
    add(version, "far", "Linen shirt", pictures=[unit(0, 0, 1)])
    add(version, "bare", "Linen without a picture")
    return version


def aim(version, **look):
    return point_of(References(**look), version, None)


def test_more_like_a_product_finds_what_looks_like_it(shelf):
    answer = search(more=["p0"])
    assert skus(answer) == ["P0", "P1", "P2", "P3", "P4", "far"]
    assert (answer.more, answer.less, answer.photo) == (("p0",), (), "")
    assert skus(search(more=["P0", "P4"]))[0] == "P2"


def test_words_come_first_within_the_look(shelf):
    assert skus(search("linen", more=["P0"], spelling=False))[:3] == ["P1", "P3", "far"]


def test_less_like_a_product_leaves_it_out_and_turns_away_from_it(shelf):
    assert skus(search(more=["P2"]))[1:3] == ["P1", "P3"]
    assert skus(search(more=["P2"], less=["P4"]))[:4] == ["P1", "P2", "P0", "P3"]
    answer = search("dress", less=["P0"], spelling=False)
    assert sorted(skus(answer)[: answer.matching]) == ["P1", "P2", "P3", "P4"]
    assert "P0" not in skus(answer)


def test_a_photo_is_bent_by_both(version):
    for colour in ("red", "blue", "green"):
        add(version, colour, f"Linen {colour}", pictures=[embedding(version, colour)])
    token = take_photo(*photo("red"))
    assert skus(search(photo=token))[0] == "red"
    assert skus(search(photo=token, less=["red"]))[0] != "red"
    assert "red" not in skus(search(photo=token, less=["red"]))
    straight, bent = (aim(version, photo=token, more=more).embedding for more in ((), ("blue",)))
    assert straight != bent


def test_what_is_not_in_the_index_says_nothing(shelf):
    assert aim(shelf, more=("nowhere", "bare")).embedding is None
    assert search(more=["nowhere"]).total == 0
    assert aim(shelf, more=("P0",), less=("P0", "nowhere")).embedding == aim(shelf, more=("P0",)).embedding


def test_later_pages_belong_to_the_same_look(shelf):
    first = search(more=["P0"], page_size=2)
    second = search(more=["P0"], page_size=2, page=2, token=first.token)
    assert (skus(first), skus(second), second.restarted) == (["P0", "P1"], ["P2", "P3"], False)
    assert search(more=["P1"], page_size=2, page=2, token=first.token).restarted


@pytest.mark.parametrize(
    "given", [{"more": ["a"] * 11}, {"less": [""]}, {"more": ["a\x00"]}, {"less": ["a" * 201]}]
)
def test_what_cannot_be_a_product_is_refused(shelf, given):
    with pytest.raises(InvalidQuery, match=r"more|less"):
        search("dress", **given)


def test_a_name_that_holds_what_is_negated_is_no_result_of_a_photo(colours):
    name = "Shirt without print"
    add(colours, "odd", name, facets={"pattern": ["Printed"]}, pictures=[embedding(colours, "red")])
    add(colours, "plain", "Shirt", facets={"pattern": ["Solid"]}, pictures=[embedding(colours, "red")])
    build_lexicon(colours)
    assert skus(search(name))[0] == "odd"  # by words it is called so
    answer = search(name, photo=take_photo(*photo("red")))
    assert "plain" in skus(answer)
    assert "odd" not in skus(answer)
