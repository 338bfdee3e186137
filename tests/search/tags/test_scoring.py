import numpy as np
import pytest

from search.tags.scoring import TEMPERATURE, confidences, log_norms
from search.tags.vocabulary import Tag

RED, BLUE = Tag("colour", "Red", True, 0.75), Tag("colour", "Blue", True, 0.25)
RETRO = Tag("style", "retro", False, 0.2)


def test_a_norm_is_the_mean_over_the_pictures():
    norms = log_norms(np.array([[0.0, 0.1], [0.0, 0.3]], dtype=np.float32))
    assert norms[0] == pytest.approx(0.0, abs=1e-6)
    assert norms[1] == pytest.approx(np.log((np.exp(0.1 / 0.07) + np.exp(0.3 / 0.07)) / 2), rel=1e-5)
    assert log_norms(np.zeros((0, 2), dtype=np.float32)).tolist() == [0.0, 0.0]


def test_values_of_a_facet_share_a_confidence_of_one():
    same = np.zeros((1, 2), dtype=np.float32)
    assert confidences(same, np.zeros(2), [RED, BLUE])[0] == pytest.approx([0.75, 0.25])
    nearer = np.array([[0.0, TEMPERATURE * np.log(9)]], dtype=np.float32)
    assert confidences(nearer, np.zeros(2), [RED, BLUE])[0] == pytest.approx([0.25, 0.75])


def test_a_word_is_as_sure_as_it_is_common_and_near():
    tags = [RED, BLUE, RETRO]
    for times, sure in ((1, 0.2), (2, 0.4), (5, 1.0), (50, 1.0)):
        near = np.array([[0, 0, TEMPERATURE * np.log(times)]], dtype=np.float32)
        assert confidences(near, np.zeros(3), tags)[0, 2] == pytest.approx(sure, rel=1e-4)
    hub = np.array([0, 0, np.log(4)])
    near = np.array([[0, 0, TEMPERATURE * np.log(4)]], dtype=np.float32)
    assert confidences(near, hub, tags)[0, 2] == pytest.approx(0.2, rel=1e-4)
