"""What fails is one item's failure, unless the encoders themselves do; a picture that is cut off is used and logged."""

import io
import logging

import numpy as np
import pytest

from search.exceptions import ArtifactError, EncodingError
from search.indexing.embedding import encode_each, read_picture
from search.registry import ProductPicture
from tests.abuse.bad_pictures import written
from tests.abuse.photos import photo

ITEMS = {f"hash {number}": number for number in range(8)}


def _encoder(bad: int, error: Exception):
    def encode(items):
        if bad in items:
            raise error
        return np.array([[item, 1.0] for item in items], dtype=np.float32)

    return encode


@pytest.mark.parametrize("bad", range(8))
@pytest.mark.parametrize("error", [RuntimeError("no such layer"), EncodingError("not finite")])
def test_a_bad_item_at_any_place_fails_alone(bad, error):
    embeddings, errors = encode_each(_encoder(bad, error), ITEMS)

    assert errors == {f"hash {bad}": f"The encoder failed: {error}"}
    assert {key: int(embedding[0]) for key, embedding in embeddings.items()} == {
        key: number for key, number in ITEMS.items() if number != bad
    }


def test_encoders_that_cannot_be_started_are_no_items_fault():
    with pytest.raises(ArtifactError, match="changed"):
        encode_each(_encoder(3, ArtifactError("changed")), ITEMS)


def test_a_picture_that_is_cut_off_is_used_and_logged(caplog):
    whole = written(photo(300, 400), "JPEG", quality=95)
    for content in (whole, whole[: len(whole) * 9 // 10]):
        picture = ProductPicture(name="a.jpg", open=lambda content=content: io.BytesIO(content))
        with caplog.at_level(logging.WARNING):
            found = read_picture(picture, at_least=(60, 80), known=())
        assert found.image is not None
        assert found.error == ""
        said = [record.getMessage() for record in caplog.records]
        assert (
            said == []
            if content == whole
            else said[0].startswith("The picture a.jpg: The file is cut off: 9")
        )
