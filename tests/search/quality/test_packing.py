import numpy as np

from search.quality.projection import SIDE, pack, unpack


def test_the_longer_side_fills_the_square_and_the_shorter_one_is_centred():
    entries = np.array([7, 2**40])
    packed = pack(entries, np.array([[-10, 5], [10, 15]], dtype=np.float32))
    assert [len(part) for part in packed] == [16, 8]
    found, positions = unpack(*packed)
    assert found.tolist() == [7, 2**40]
    assert positions.tolist() == [[0, 16384], [SIDE, 49151]]


def test_a_single_product_lies_in_the_middle():
    _, positions = unpack(*pack(np.array([1]), np.array([[3, 3]], dtype=np.float32)))
    assert positions.tolist() == [[32768, 32768]]
