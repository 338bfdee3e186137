import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pgvector import HalfVector

from search.vectors import from_bytes, from_field, from_literal, to_literal

HALVES = arrays(np.float16, st.integers(1, 8), elements=st.floats(-60000, 60000, width=16))


@given(HALVES)
def test_every_half_precision_number_comes_back_from_text_and_from_bytes(halves):
    embedding = halves.astype(np.float32)
    assert from_literal(to_literal(embedding)).tolist() == embedding.tolist()
    assert from_bytes(HalfVector(halves).to_binary()).tolist() == halves.tolist()


@given(HALVES)
def test_what_a_field_gives_is_read_whichever_release_of_pgvector_gives_it(halves):
    for given_by_field in (halves.astype(float).tolist(), HalfVector(halves)):
        assert from_field(given_by_field).tolist() == halves.astype(np.float32).tolist()


def test_numbers_are_rounded_to_half_precision_and_five_digits():
    assert to_literal(np.array([0.1, -2, 1e-9], np.float32)) == "[0.099976,-2,0]"


@pytest.mark.django_db
@given(HALVES)
def test_postgres_reads_what_is_written(halves):
    from django.db import connection

    with connection.cursor() as cursor:
        literal = to_literal(halves.astype(np.float32))
        cursor.execute("SELECT halfvec_send(%s::halfvec), %s::halfvec::text", [literal, literal])
        sent, text = cursor.fetchone()
    assert from_bytes(sent).tolist() == halves.tolist()
    assert from_literal(text).tolist() == halves.tolist()
