import ir_measures
import numpy as np
import pytest
from ir_measures import RR, P, R, Success, nDCG

from tests.training.products import product
from training.evaluation.retrieval import (
    attribute_queries,
    figures_of,
    first_relevant_ranks,
    hits_of,
    image_to_image,
    image_to_text,
    nearest,
    product_vectors,
    rows_by_value,
    similar_items,
    text_to_image,
)
from training.texts import attribute_text

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


def test_a_picture_finds_its_name_among_the_distinct_names():
    gallery = [product("1", name="A"), product("2", name="A"), product("3", name="B")]
    texts = {"A": [1.0, 0.0, 0.0], "B": [0.0, 0.6, 0.8]}
    # Picture 1 points at "A"; picture 2 at "B", which is not its name; picture 3 at "B".
    figures = image_to_text(gallery, gallery, AXES, lambda asked: np.array([texts[text] for text in asked]))
    assert (figures["queries"], figures["gallery"]) == (3, 2)
    assert figures["recall@1"] == pytest.approx(2 / 3)
    assert figures["recall@10"] == 1.0
    assert figures["mrr@10"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert figures["median_rank"] == 1.0


def test_similar_items_in_a_larger_gallery():
    gallery = [product("1"), product("2", article_type="Shirts"), product("3", colour="Blue")]
    figures = similar_items(
        gallery[:1], AXES[:1], gallery, np.array([[1, 0, 0], [0.8, 0.6, 0], [0.6, 0.8, 0]])
    )
    # Product 1 finds product 2, of its colour, and then product 3, of its article type.
    assert figures == {
        "queries": 1,
        "gallery": 3,
        "article_type precision@1": 0.0,
        "article_type precision@10": pytest.approx(0.1),
        "article_type mrr@10": 0.5,
        "article_type ndcg@10": pytest.approx(1 / np.log2(3)),
        "colour precision@1": 1.0,
        "colour precision@10": pytest.approx(0.1),
        "colour mrr@10": 1.0,
        "colour ndcg@10": 1.0,
    }


def test_attribute_queries_ask_what_ten_products_are():
    red = [product(str(n), name="red") for n in range(10)]
    blue = [product(str(n), name="blue", colour="Blue") for n in range(10, 19)]
    asked = []

    def encode(texts):
        asked.append(list(dict.fromkeys(texts)))
        return np.array([[0.0, 1.0] if "Blue" in text else [1.0, 0.0] for text in texts], dtype=np.float32)

    # By pictures alone the nine blue ones are a little nearer than five of the red ones.
    pictures = np.array([[1.0, 0.0]] * 5 + [[0.6, 0.8]] * 5 + [[0.64, 0.768]] * 9, dtype=np.float32)
    figures = attribute_queries(red + blue, pictures, encode, {"Tshirts": "t-shirt"})
    red_text, blue_text = (
        f"{name}. Alder. {attribute_text(one[0])}" for name, one in (("red", red), ("blue", blue))
    )
    assert asked == [["red solid t-shirt"], [red_text, blue_text]]
    assert figures["precision@10"] == 0.5
    assert figures["precision@10 with texts"] == 1.0


def test_product_vectors_are_mostly_picture():
    mixed = product_vectors(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
    assert mixed == pytest.approx(np.array([[0.9, 0.1]]) / np.sqrt(0.82))
    assert mixed.dtype == np.float32


def test_a_real_ranking_scores_as_ir_measures_says():
    random = np.random.default_rng(3)
    gallery = [
        product(str(number), name=f"name {number // 3 if number < 30 else number}") for number in range(60)
    ]
    pictures = random.normal(size=(60, 8)).astype(np.float32)
    names = list(dict.fromkeys(each.name for each in gallery))
    texts = {name: pictures[row] + random.normal(size=8) for row, name in enumerate(names)}
    figures = text_to_image(
        gallery, gallery, pictures, lambda asked: np.stack([texts[name] for name in asked])
    )
    truth = {name: {each.id: 1 for each in gallery if each.name == name} for name in names}
    answer = {
        name: {each.id: float(pictures[row] @ texts[name]) for row, each in enumerate(gallery)}
        for name in names
    }
    theirs = ir_measures.calc_aggregate(
        [R @ 1, R @ 5, R @ 10, Success @ 1, Success @ 5, Success @ 10, P @ 1, P @ 10, nDCG @ 10, RR @ 10],
        truth,
        answer,
    )
    expected = {
        str(measure).lower().replace("r@", "recall@", 1)
        if measure.NAME == "R"
        else str(measure).lower(): value
        for measure, value in theirs.items()
    }
    ours = {
        name.replace("precision", "p").replace("mrr", "rr"): value
        for name, value in figures.items()
        if "@" in name
    }
    assert 0.1 < expected["recall@10"] < 0.9
    assert ours == pytest.approx(expected)
    ranks = [1 / each.value for each in ir_measures.iter_calc([RR], truth, answer)]
    assert figures["median_rank"] == pytest.approx(np.median(ranks))


def test_too_small_a_catalogue_is_refused():
    with pytest.raises(ValueError, match="No combination"):
        attribute_queries([product("1")], AXES, lambda texts: AXES, {})


GALLERY = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [0.8, 0.6]], dtype=np.float32)
QUERIES = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)


def test_the_nearest_come_first():
    assert nearest(QUERIES, GALLERY, 3).tolist() == [[0, 3, 2], [1, 2, 3]]
    assert nearest(QUERIES, GALLERY, 9).tolist() == [[0, 3, 2, 1], [1, 2, 3, 0]]


def test_a_query_never_finds_itself():
    found = nearest(GALLERY, GALLERY, 10, itself=np.arange(4))
    assert found.tolist() == [[3, 2, 1], [2, 3, 0], [3, 1, 0], [2, 0, 1]]
    assert nearest(QUERIES, GALLERY, 2, itself=np.array([0, -1])).tolist() == [[3, 2], [1, 2]]


def test_more_queries_than_fit_a_block_are_ranked_alike():
    queries = np.tile(QUERIES, (300, 1))
    assert nearest(queries, GALLERY, 2).tolist() == [[0, 3], [1, 2]] * 300
    ranks = first_relevant_ranks(queries, GALLERY, [np.array([2]), np.array([0, 3])] * 300)
    assert ranks.tolist() == [3, 3] * 300


def test_the_best_relevant_row_gives_the_rank():
    relevant = [np.array([1, 3]), np.array([1])]
    assert first_relevant_ranks(QUERIES, GALLERY, relevant).tolist() == [2, 1]


def test_figures_by_hand():
    relevant = [np.array([1, 3]), np.array([0])]
    hits = hits_of(nearest(QUERIES, GALLERY, 3), relevant)
    assert hits.tolist() == [[False, True, False], [False, False, False]]
    figures = figures_of(hits, np.array([2, 1]))
    assert figures == {
        "recall@1": 0.0,
        "recall@5": 0.25,
        "recall@10": 0.25,
        "success@1": 0.0,
        "success@5": 0.5,
        "success@10": 0.5,
        "precision@1": 0.0,
        "precision@10": pytest.approx(0.05),
        "ndcg@10": pytest.approx(0.5 * (1 / np.log2(3)) / (1 + 1 / np.log2(3))),
        "mrr@10": 0.25,
    }


def test_rows_of_each_value():
    rows = rows_by_value(["b", "a", "b"])
    assert {value: found.tolist() for value, found in rows.items()} == {"b": [0, 2], "a": [1]}
