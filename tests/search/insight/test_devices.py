"""Kinds of devices by what browsers and programs say of themselves."""

import pytest

from search.insight.devices import device_of
from search.insight.log import buffer, record_search
from search.insight.log_store import drain_log
from search.models import LoggedSearch

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {WEBKIT} Version/18.0 Mobile/15E148 Safari/604.1", "phone"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "phone"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "phone"),
        ("Opera/9.80 (J2ME/MIDP; Opera Mini/8.0/37.0; U; en) Presto/2.12.423 Version/12.16", "phone"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Safari/537.36", "tablet"),
        (f"Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) {WEBKIT} Version/17.0 Mobile/15E148 Safari/604.1", "tablet"),
        ("Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 Silk/120.1 like Chrome/120.0 Safari/537.36", "tablet"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/140.0", "desktop"),
        ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; Tablet PC 2.0; rv:11.0) like Gecko", "desktop"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.0 Safari/605.1.15", "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "desktop"),
        ("ShopApp/3.1 CFNetwork/1498 Darwin/23.0.0", "app"),
        ("okhttp/4.12.0", "app"),
        ("python-httpx/0.28", "app"),
        (f"Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) {CHROME} TV Safari/537.36", ""),
        ("Mozilla/5.0", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_user_agent_names_a_kind(rf, agent, kind):
    assert device_of(rf.get("/", headers={"User-Agent": agent})) == kind


def test_a_client_hint_tells_a_phone_that_asks_for_desktop_pages(rf):
    agent = f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36"
    hinted = rf.get("/", headers={"User-Agent": agent, "Sec-CH-UA-Mobile": "?1"})
    assert device_of(hinted) == "phone"
    assert device_of(rf.get("/", headers={"User-Agent": agent, "Sec-CH-UA-Mobile": "?0"})) == "desktop"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("log_redis")
def test_only_the_kind_is_kept():
    record_search(
        visitor="",
        mode="text",
        text="red",
        total=30,
        took_ms=1.0,
        device="tablet",
        page=2,
        before=24,
        shown=6,
    )
    assert buffer.flush(5)
    drain_log()
    row = LoggedSearch.objects.get()
    assert (row.device, row.before, row.shown) == ("tablet", 24, 6)
