import numpy as np
import pytest

from tests.training.products import product
from training.evaluate import attribute_queries, image_to_image, text_to_image

AXES = np.eye(3, dtype=np.float32)


def test_a_name_finds_every_product_of_that_name():
    gallery = [product("1", name="A"), product("2", name="A"), product("3", name="B")]
    # The text of "A" points at picture 1, then 3, then 2; that of "B" at picture 3.
    texts = {"A": [0.9, 0.1, 0.3], "B": [0.0, 0.0, 1.0]}
    figures = text_to_image(gallery, gallery, AXES, lambda asked: np.array([texts[text] for text in asked]))
    assert figures["queries"] == 2
    assert figures["recall@1"] == pytest.approx((0.5 + 1.0) / 2)
    assert figures["recall@10"] == 1.0
    assert figures["mrr@10"] == 1.0
    assert figures["median_rank"] == 1.0


def test_similar_items_never_count_themselves():
    products = [
        product(str(n), article_type="Tshirts" if n < 11 else "Shirts", colour=f"{n}") for n in range(12)
    ]
    pictures = np.eye(12, dtype=np.float32)
    figures = image_to_image(products, pictures)
    assert figures["colour precision@10"] == 0.0
    # All are equally far, so the order is that of the products: eleven of a kind find 10 or 9 of 10, the last none.
    assert 0.7 < figures["article_type precision@10"] < 0.95


def test_attribute_queries_ask_what_ten_products_are():
    red = [product(str(n)) for n in range(10)]
    blue = [product(str(n), colour="Blue") for n in range(10, 19)]
    asked = []

    def encode(texts):
        asked.extend(texts)
        return np.array([[1.0, 0.0]], dtype=np.float32)

    pictures = np.array([[1.0, 0.0]] * 10 + [[0.0, 1.0]] * 9, dtype=np.float32)
    figures = attribute_queries(red + blue, pictures, encode, {"Tshirts": "t-shirt"})
    assert asked == ["red solid t-shirt"]
    assert figures["precision@10"] == 1.0


def test_too_small_a_catalogue_is_refused():
    with pytest.raises(ValueError, match="No combination"):
        attribute_queries([product("1")], AXES, lambda texts: AXES, {})
