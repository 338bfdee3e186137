"""A photo that lies on its side: turned as it was asked for, or to what the shop has where that is surer."""

import io

import numpy as np
import pytest
from django.core import signing
from django.db import OperationalError
from PIL import Image

from search.encoders.cache import encoders_for
from search.engine import Box, photos, read_turn, search, take_photo, turning
from search.engine.photos import embedding_of, told_by
from search.engine.turning import certainties, surest_turn, turned_picture
from search.exceptions import EncoderTimeout, InvalidQuery
from search.vectors import from_literal
from tests.search.indexed import add, unit

MARGIN = 0.2
RED_ABOVE = Image.new("RGB", (40, 60), "blue")
RED_ABOVE.paste("red", (0, 0, 40, 30))


def sent(picture=RED_ABOVE, kind="PNG"):
    file = io.BytesIO()
    picture.save(file, kind)
    return io.BytesIO(file.getvalue()), len(file.getvalue())


def embedding(version, colour):
    return encoders_for(version).encode_images([Image.new("RGB", (40, 60), colour)])[0]


@pytest.fixture
def colours(version):
    for colour in ("red", "blue"):
        add(version, colour, f"Linen {colour}", pictures=[list(map(float, embedding(version, colour)))])
    return version


def looks(*embeddings):
    return np.array(embeddings, dtype=np.float32)


def test_a_turn_is_as_sure_as_its_nearest_pictures_are_its_own(version):
    add(version, "shirt", "Shirt", pictures=[unit(1)])
    # Each turn is nearest to the one picture there is; a picture as near to another turn says nothing.
    sure = certainties(looks(unit(0, 1), unit(1), unit(1, 1), unit(0, 0, 1)), version)
    assert np.allclose(sure, [-1, 1 - 0.5**0.5, 0.5**0.5 - 1, -1], atol=0.01)
    assert np.allclose(certainties(looks(*[unit(1)] * 4), version), 0, atol=0.01)


def test_of_many_pictures_the_nearest_ten_count(version):
    for number in range(10):
        add(version, f"near-{number}", "Near", pictures=[unit(1)])
    for number in range(10):
        add(version, f"far-{number}", "Far", pictures=[unit(0, 1)])
    sure = certainties(looks(unit(1), unit(0, 1), unit(0, 0, 1), unit(0, 0, 0, 1)), version)
    assert np.allclose(sure[:2], 1, atol=0.01)


def test_another_turn_must_be_surer_by_more_than_a_little(version):
    add(version, "shirt", "Shirt", pictures=[unit(1)])
    nowhere = [unit(0, 0, 1), unit(0, 0, 0, 1)]
    assert surest_turn(looks(unit(0, 1), unit(1), *nowhere), version, MARGIN) == 90
    assert surest_turn(looks(unit(0, 1), *nowhere, unit(1)), version, MARGIN) == 270
    assert surest_turn(looks(unit(1), unit(0, 1), *nowhere), version, MARGIN) == 0
    # The same picture, of which one turn shows 1 and the other 1 - share: they differ by 2 x share.
    for share, turn in ((MARGIN / 2 - 0.02, 0), (MARGIN / 2 + 0.02, 90)):
        near = [1 - share, (1 - (1 - share) ** 2) ** 0.5]
        assert surest_turn(looks(near + [0.0] * 30, unit(1), *nowhere), version, MARGIN) == turn


def test_without_pictures_or_time_the_photo_stays(version, monkeypatch):
    assert surest_turn(looks(unit(1), unit(0, 1), unit(0, 0, 1), unit(0, 0, 0, 1)), version, MARGIN) == 0

    def fail(*args):
        raise OperationalError("out of time")

    monkeypatch.setattr(turning, "certainties", fail)
    assert surest_turn(looks(*[unit(1)] * 4), version, MARGIN) == 0


@pytest.mark.parametrize(
    ("turn", "box"),
    [(0, Box(bottom=0.5)), (90, Box(left=0.5)), (180, Box(top=0.5)), (270, Box(right=0.5))],
)
def test_a_photo_is_turned_clockwise_and_the_box_lies_on_it_as_turned(colours, turn, box):
    assert turned_picture(RED_ABOVE, turn).size == ((40, 60) if turn % 180 == 0 else (60, 40))
    answer = search(photo=take_photo(*sent(), box, turn))
    assert (answer.results[0].card.sku, answer.turned) == ("red", turn)
    blue = Box(*[(0, 0.5, 1, 1), (0, 0, 0.5, 1), (0, 0, 1, 0.5), (0.5, 0, 1, 1)][turn // 90])
    assert search(photo=take_photo(*sent(), blue, turn)).results[0].card.sku == "blue"


def test_a_box_on_a_turned_photo_is_cut_from_where_it_lies():
    box = Box(0.1, 0.2, 0.5, 0.9)
    for turn in turning.TURNS:
        turned = turned_picture(RED_ABOVE.resize((200, 300)), turn)
        assert box.cut(RED_ABOVE.resize((200, 300)), turn).tobytes() == box.cut(turned).tobytes()


def test_the_surest_turn_is_used_and_told(colours, monkeypatch):
    looked = []
    monkeypatch.setattr(
        photos, "surest_turn", lambda looks, version, margin: looked.append((looks, margin)) or 90
    )
    token = take_photo(*sent())
    assert told_by(token).turned == search(photo=token).turned == 90
    wanted = encoders_for(colours).encode_images([turned_picture(RED_ABOVE, turn) for turn in turning.TURNS])
    assert np.allclose(looked[0][0], wanted, atol=0.01)
    assert looked[0][1] == encoders_for(colours).manifest.turn_margin == 0.25
    assert np.allclose(from_literal(embedding_of(token, colours)), wanted[1], atol=0.01)


def test_a_turn_that_was_asked_for_is_not_questioned(colours, monkeypatch):
    monkeypatch.setattr(photos, "surest_turn", lambda looks, version, margin: pytest.fail("nobody asked"))
    assert told_by(take_photo(*sent(), turn=0)).turned == 0


def test_where_there_is_no_time_for_other_turns_the_photo_stays(colours, monkeypatch):
    real, calls = photos.in_time, []

    def once(*args, **options):
        calls.append(args)
        if len(calls) > 1:
            raise EncoderTimeout
        return real(*args, **options)

    monkeypatch.setattr(photos, "in_time", once)
    assert told_by(take_photo(*sent())).turned == 0
    assert len(calls) == 2


@pytest.mark.parametrize("turn", [None, 90])
def test_large_photos_are_turned_at_the_size_that_is_needed(colours, turn):
    whole = RED_ABOVE.resize((2000, 3000))
    assert search(photo=take_photo(*sent(whole, "JPEG"), Box(), turn)).turned == (turn or 0)


def test_turns_are_read():
    assert [read_turn(stated) for stated in ("", " ", "0", "90", " 180 ", "270")] == [
        None,
        None,
        0,
        90,
        180,
        270,
    ]
    for stated in ("45", "-90", "360", "x", "90.0", "\uff19\uff10"):
        with pytest.raises(InvalidQuery, match="turn must be 0, 90, 180 or 270"):
            read_turn(stated)


def test_tokens_of_former_days_say_that_nothing_was_turned(colours):
    fingerprint, packed, *_ = signing.loads(take_photo(*sent(), turn=90), salt=photos.SALT)
    old = signing.dumps([fingerprint, packed], salt=photos.SALT)
    assert (told_by(old).turned, search(photo=old).turned) == (0, 0)
    assert told_by("forged") == told_by("") == (0, ())
