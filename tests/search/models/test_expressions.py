"""What is looked for in full text, as Postgres reads it."""

import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from search.models import IndexVersion
from search.models.expressions import any_phrase
from search.models.terms import any_phrase_text
from tests.search.indexed import make_version

ODD = ("running shoes", "o'neil's", "a\\b", "x | y", "!no & (yes)", "the of", "red:A", "t-shirt", "'", "\\", "a*b:*", "wo--man",
       "http://a.b/c?d=e", "-5.2e3", "ünï çödé", "लाल साड़ी", "👗 dress")  # fmt: skip


def as_text(query: SearchQuery) -> str:
    return IndexVersion.objects.values_list(Cast(query, TextField())).get()[0]


@pytest.mark.django_db
@pytest.mark.parametrize("config", ["english", "simple"])
def test_whatever_stands_in_a_phrase_is_words(tiny_artifact, config):
    make_version(tiny_artifact)
    for phrase in ODD:
        expected = as_text(SearchQuery(phrase, config=config, search_type="phrase"))
        assert as_text(any_phrase([phrase], config)) == expected


@pytest.mark.django_db
def test_every_word_of_a_phrase_stands_in_the_part(tiny_artifact):
    make_version(tiny_artifact)
    text = any_phrase_text(["running shoes", "it's"], "CD")
    found = as_text(SearchQuery(text, config="english", search_type="raw"))
    assert found == "'run':CD <-> 'shoe':CD"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setweight(to_tsvector('english', 'running shoes'), 'A') @@ %s::tsquery", [found]
        )
        assert cursor.fetchone() == (False,)
