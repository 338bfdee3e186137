import pytest

from search.insight.log import redact


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("dress anna.k+1@example.co.uk size 38", "dress [email] size 38"),
        ("call +49 170 123 45 67", "call [number]"),
        ("4111-1111-1111-1111", "[number]"),
        ("shirt under 1500 sku 12345678", "shirt under 1500 sku 12345678"),
        ("501 jeans 32/34", "501 jeans 32/34"),
    ],
)
def test_addresses_and_long_numbers_are_taken_out(text, kept):
    assert redact(text) == kept
