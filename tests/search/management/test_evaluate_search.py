"""The command over a real index."""

import json
import re

import pytest
from django.core.management import CommandError, call_command

from search.conf import get_settings
from search.models import Evaluation
from tests.search.products import build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


@pytest.fixture
def shop():
    make_product("R1", colour="red", price=100)
    make_product("R2", colour="red", price=900)
    make_product("B1", colour="blue")
    return build_version()


def write(tmp_path, *queries):
    file = tmp_path / "queries.jsonl"
    file.write_text("".join(json.dumps(query) + "\n" for query in queries))
    return file


RED = {"query": "red shirt under 500", "kind": "price", "rule": {"colour": ["red"], "price_max": 500}}
CODE = {"query": "B1", "kind": "codes", "relevant": ["b1"]}
PINK = {"query": "pink shirt", "rule": {"colour": ["pink"]}}


def test_figures_are_printed_kept_and_compared(shop, tmp_path, capsys):
    file = write(tmp_path, RED, CODE, PINK)
    call_command("evaluate_search", file, json=tmp_path / "figures.json")

    out = capsys.readouterr().out
    assert "1 queries were left out: the catalogue has no right answer to them." in out
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["all"]["queries"] == 2
    assert (figures["price"]["reachable"], figures["codes"]["mrr"]) == (1.0, 1.0)
    kept = Evaluation.objects.get()
    assert (kept.version, kept.source, kept.precision) == (shop, "queries.jsonl", 0.1)

    Evaluation.objects.update(queries={"red shirt under 500": 0.0, "B1": 1.0})
    call_command("evaluate_search", file)
    assert "1 queries better" in capsys.readouterr().out
    call_command("evaluate_search", file, no_store=True)
    assert Evaluation.objects.count() == 2


def test_a_figure_below_its_limit_fails(shop, tmp_path):
    file = write(tmp_path, RED, CODE)
    call_command("evaluate_search", file, fail_under=["reachable@10=1", "codes:mrr@10=1"])
    with pytest.raises(CommandError, match=r"price p@10 is 0\.100, below 0\.9\.") as caught:
        call_command("evaluate_search", file, fail_under=["price:p@10=.9"])
    assert caught.value.returncode == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fail_under": ["p@10"]}, "--fail-under 'p@10' is not like"),
        ({"fail_under": ["kind:p@10=.5"]}, "no kind 'kind'; there are all, codes, price."),
        ({"fail_under": ["x=.5"]}, "no figure 'x'; there are p@10"),
        ({"url": "localhost"}, "'localhost' is not a URL"),
        ({"url": "http://127.0.0.1:9"}, "http://127.0.0.1:9/search/?.* gave no answer"),
    ],
)
def test_what_cannot_be_done_says_why(shop, tmp_path, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("evaluate_search", write(tmp_path, RED, CODE), **options)


def test_an_unknown_field_is_named(shop, tmp_path):
    file = write(tmp_path, {"query": "a", "rule": {"fabric": ["silk"]}})
    with pytest.raises(CommandError, match="names 'fabric'; products are judged by article_type, brand"):
        call_command("evaluate_search", file)


def test_without_an_index_there_is_nothing_to_evaluate(tmp_path):
    with pytest.raises(CommandError, match="no active index version"):
        call_command("evaluate_search", write(tmp_path, RED))


def test_the_admin_lists_evaluations(shop, tmp_path, admin_client):
    file = write(tmp_path, RED, CODE)
    call_command("evaluate_search", file)
    call_command("evaluate_search", file)

    page = admin_client.get("/admin/fashion_search/evaluation/").content.decode()
    assert "+0.000" in page
    newest = Evaluation.objects.first()
    detail = admin_client.get(f"/admin/fashion_search/evaluation/{newest.pk}/change/").content.decode()
    rows = [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in detail.split("<tr>")]
    assert any(row.startswith("price 1 0.100") for row in rows)
    assert any("red shirt under 500" in row for row in rows)


def test_other_settings_are_tried_and_named(shop, tmp_path):
    file = write(tmp_path, RED, CODE)
    call_command("evaluate_search", file)
    call_command("evaluate_search", file, stated='{"RESULTS": 1}')
    tried, plain = Evaluation.objects.order_by("-pk")
    assert plain.measured == f"version {shop.pk} ({shop.artifact_name}, {shop.fingerprint[:8]})"
    assert tried.measured == plain.measured + ' with {"RESULTS": 1}'
    assert get_settings().results == 2000


def test_a_retired_version_is_evaluated(shop, tmp_path):
    newer = build_version(force=True)
    make_product(
        "R3", colour="red", price=200
    )  # changes are written to the active version, not to a retired one
    drain()
    file = write(tmp_path, RED)
    call_command("evaluate_search", file)
    call_command("evaluate_search", file, index_version=shop.pk)
    former, active = Evaluation.objects.order_by("-pk")
    assert (active.version, former.version) == (newer, shop)
    # R3 is right, and the retired version has no entry of it.
    assert (active.queries, former.queries) == ({RED["query"]: 1.0}, {RED["query"]: 0.5})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"index_version": 2_000_000_000},
            "--index-version 2000000000 is not an active, ready or retired index version.",
        ),
        ({"stated": "{"}, "The settings are not JSON"),
        ({"stated": '{"SEARCH_URL": "/"}'}, "The settings must be an object"),
        ({"stated": '{"VARIANTS": "many"}'}, "must be of type int"),
        ({"stated": "{}", "url": "http://localhost:1/"}, "leave --url out"),
    ],
)
def test_what_cannot_be_tried_is_refused(shop, tmp_path, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("evaluate_search", write(tmp_path, RED), **options)
    assert Evaluation.objects.count() == 0
