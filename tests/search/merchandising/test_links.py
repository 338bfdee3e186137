import pytest

from search.exceptions import UnsafeLink
from search.merchandising.rules import check_link, is_safe


@pytest.mark.parametrize("url", ["/sale/", "/search/?q=shoes#top", "https://help.example/sizes/"])
def test_paths_and_named_hosts_may_be_led_to(settings, url):
    settings.FASHION_SEARCH = {"REDIRECT_HOSTS": "help.example"}
    check_link(url)


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example/", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "sale/",
        "https://help.example@evil.example/", "http:evil.example", "/\x00sale", "\n//evil.example", "ftp://help.example/",
        "///evil.example",
    ],
)  # fmt: skip
def test_nothing_else_may(settings, url):
    settings.FASHION_SEARCH = {"REDIRECT_HOSTS": "help.example"}
    with pytest.raises(UnsafeLink, match=r"must be a path of the shop .* at a host of help\.example"):
        check_link(url)
    assert not is_safe(url)


def test_without_hosts_the_sentence_names_the_setting():
    with pytest.raises(UnsafeLink, match="REDIRECT_HOSTS names; it names none"):
        check_link("https://help.example/")
