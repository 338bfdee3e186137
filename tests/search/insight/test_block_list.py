import pytest

from search.insight.block_list import FILE, load_block_list

SHIPPED = load_block_list((FILE,))


@pytest.mark.parametrize(
    "text",
    [
        "shit", "SHITS", "red Shit dress", "f\u00fcck", "jerkoff", "dont buy", "mail a@b.example", "[number]", "call 98765 43210",
        "http://x", "evil.com shoes", "www evil", "hacked by me", "Don\u2019t buy here",
    ],
)  # fmt: skip
def test_what_nobody_should_read_is_blocked(text):
    assert SHIPPED.blocks(text)


@pytest.mark.parametrize(
    "text",
    [
        "nude heels", "thong", "peacock print", "assorted socks", "classic shirt", "cocktail dress", "dickies", "shoes under 1500",
        "shirts 34x32", "dr. martens", "u.s. polo assn.", "ga-100-1a2dr", "scunthorpe", "vestido negro", "spice art", "analog watch",
    ],
)  # fmt: skip
def test_what_shops_sell_is_not(text):
    assert not SHIPPED.blocks(text)


def test_a_list_that_cannot_be_read_is_an_error(tmp_path):
    def load(text, encoding="utf-8"):
        file = tmp_path / "own.toml"
        file.write_text(text, encoding)
        return load_block_list((FILE, file))

    assert load('words = ["acme"]').blocks("Acme shoes")
    with pytest.raises(ValueError, match=r"own\.toml is not TOML in UTF-8"):
        load('words = ["caf\u00e9"]', "latin-1")
    for text, complaint in (
        ("words = [", "is not TOML"),
        ('words = "acme"', "words must be a list of texts"),
        ("patterns = [1]", "patterns must be a list of texts"),
        ('word = ["acme"]', "there is no 'word', only words and patterns"),
        ('patterns = ["("]', "is no regular expression"),
    ):
        with pytest.raises(ValueError, match=complaint):
            load(text)
