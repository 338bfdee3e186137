import ir_measures
import numpy as np
import pytest
from ir_measures import P

from search.conf import Weights
from search.encoders.sessions import load_artifact
from search.evaluation.judged_queries import JudgedQuery
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import product, write_catalogue
from training.evaluation.evaluators import ArtifactModel, Setting
from training.evaluation.shopper_queries import hits_by_embedding, right_rows, shopper_queries


def rows(query, products):
    return right_rows(query, products).tolist()


def test_a_rule_is_over_columns_and_prices():
    products = [
        product("1", price=500.0),
        product("2", price=1500.0),
        product("3", price=0.0),
        product("4", price=500.0, colour="Blue"),
    ]
    red = JudgedQuery(text="red", fields={"colour": ("Red", "Maroon"), "gender": ("Men",)})
    assert rows(red, products) == [0, 1, 2]
    # A price of 0 is unknown, which is below no limit.
    cheap = JudgedQuery(text="red under 1000", fields=red.fields, price_max=1000.0)
    assert rows(cheap, products) == [0]
    assert rows(JudgedQuery(text="dear", price_min=501.0), products) == [1]
    assert rows(JudgedQuery(text="those", skus=frozenset({"2", "4", "9"})), products) == [1, 3]
    with pytest.raises(ValueError, match="rule of 'x' names 'size'; products are judged by article_type, "):
        rows(JudgedQuery(text="x", fields={"size": ("M",)}), products)


def test_both_weigh_pictures_and_texts_as_a_shop_does_by_default():
    assert Weights().image == Weights().text


def test_a_ranking_scores_as_ir_measures_says():
    random = np.random.default_rng(4)
    queries, pictures, texts = (random.normal(size=(count, 5)) for count in (12, 40, 40))
    relevant = [np.sort(random.permutation(40)[:15]) for _ in range(12)]
    hits = hits_by_embedding(queries, pictures, texts, relevant)
    truth = {str(n): {str(row): 1 for row in found} for n, found in enumerate(relevant)}
    for name, similarity in {
        "by pictures": queries @ pictures.T,
        "by texts": queries @ texts.T,
        "by both": 0.5 * queries @ pictures.T + 0.5 * queries @ texts.T,
    }.items():
        run = {
            str(n): {str(row): float(value) for row, value in enumerate(line)}
            for n, line in enumerate(similarity)
        }
        theirs = ir_measures.calc_aggregate([P @ 10], truth, run)[P @ 10]
        assert hits[name].mean() == pytest.approx(theirs)


@pytest.fixture
def model(tmp_path):
    write_tiny_artifact(tmp_path / "artifact")
    return ArtifactModel(load_artifact(tmp_path / "artifact"))


@pytest.fixture
def queries(tmp_path):
    file = tmp_path / "queries.jsonl"
    file.write_text(
        '{"query": "red", "kind": "plain", "rule": {"colour": ["Red"]}}\n'
        '{"query": "green", "kind": "plain", "rule": {"colour": ["Green"]}}\n'
        '{"query": "shirt", "kind": "wrong", "rule": {"category": ["Footwear"]}}\n'
        '{"query": "hat", "kind": "gone", "rule": {"article_type": ["Hat"]}}\n'
        '{"query": "black", "relevant": ["3", "7"]}\n'
    )
    return file


def test_figures_are_by_kind_and_beside_what_is_possible(model, queries, tmp_path, capsys):
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue")
    figures = shopper_queries(model, Setting(data=data, cache=tmp_path / "cache", queries=queries))
    assert {name: values["queries"] for name, values in figures.items()} == {
        "queries all": 4,
        "queries all, plain": 2,
        "queries all, wrong": 1,
    }
    plain = figures["queries all, plain"]
    assert (plain["gallery"], plain["precision@10 by pictures"], plain["precision@10 by both"]) == (
        48,
        1.0,
        1.0,
    )
    # Two products of two are possible for one of the four queries, all ten for the others.
    assert figures["queries all"]["best possible precision@10"] == pytest.approx((3 + 0.2) / 4)
    assert capsys.readouterr().err.endswith("no product is a right answer to 'hat'\n")


def test_large_pictures_are_the_gallery_where_there_are_any(model, queries, tmp_path):
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue", large=range(40))
    setting = Setting(data=data, cache=tmp_path / "cache", queries=queries)
    assert shopper_queries(model, setting)["queries large"]["gallery"] == 40


def test_queries_that_nothing_answers_are_refused(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 8)
    (tmp_path / "q.jsonl").write_text('{"query": "hat", "relevant": ["nowhere"]}\n')
    setting = Setting(data=data, cache=tmp_path / "cache", queries=tmp_path / "q.jsonl")
    with pytest.raises(ValueError, match="No product of the gallery is a right answer to a query"):
        shopper_queries(model, setting)
