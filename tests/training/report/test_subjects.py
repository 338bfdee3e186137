import base64
import io

import numpy as np
from PIL import Image

from training.report.subjects import Thumbnails, data_uri


def test_a_picture_is_kept_once():
    thumbnails = Thumbnails()
    red = np.full((40, 30, 3), (200, 0, 0), dtype=np.uint8)
    assert [thumbnails.add(name, red) for name in ("a", "b", "a")] == ["p0", "p1", "p0"]
    assert [name for name, _ in thumbnails.rules] == ["p0", "p1"]


def test_large_pictures_are_made_small():
    uri = data_uri(np.zeros((448, 224, 3), dtype=np.uint8))
    picture = Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"))))
    assert (picture.format, picture.size) == ("JPEG", (56, 112))
