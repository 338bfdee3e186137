from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from search.conf import shop_key
from search.insight import log_store
from search.insight.log import hash_visitor, visitor_of

pytestmark = pytest.mark.usefixtures("log_redis")


@pytest.fixture
def set_clock(monkeypatch):
    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "localtime", lambda *args: moment)

    return set_to


class TestVisitorOf:
    def test_the_session_cookie_stands_for_a_visit(self, rf):
        request = rf.get("/")
        request.COOKIES = {"sessionid": "abc", "other": "x"}
        assert visitor_of(request) == "abc"
        assert visitor_of(rf.get("/")) == ""

    def test_a_host_may_name_another_cookie(self, rf, settings):
        settings.FASHION_SEARCH = {"INSIGHT_COOKIE": "other"}
        request = rf.get("/")
        request.COOKIES = {"sessionid": "abc", "other": "x"}
        assert visitor_of(request) == "x"

    @pytest.mark.parametrize(
        "headers",
        [
            {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
            {"Sec-Purpose": "prefetch;prerender"},
            {"Purpose": "prefetch"},
        ],
    )
    def test_no_person_is_behind_it(self, rf, headers):
        assert visitor_of(rf.get("/", headers=headers)) is None


class TestHash:
    def test_one_day_one_hash_the_next_day_another(self, set_clock):
        client = log_store.connect()
        late, after = (
            datetime(2096, 3, 10, 23, 59, tzinfo=ZoneInfo("Asia/Kolkata")),
            datetime(2096, 3, 11, 0, 1, tzinfo=ZoneInfo("Asia/Kolkata")),
        )
        set_clock(late)
        first = [hash_visitor(client, visitor) for visitor in ("abc", "abc", "xyz")]
        assert first[0] == first[1] != first[2]
        assert len(first[0]) == 16
        set_clock(after)
        assert hash_visitor(client, "abc") != first[0]

    def test_the_key_goes_with_its_day(self, set_clock):
        client = log_store.connect()
        set_clock(datetime(2096, 3, 10, 23, 59, tzinfo=ZoneInfo("Asia/Kolkata")))
        hash_visitor(client, "abc")
        assert 0 < client.ttl(shop_key("visit_key:2096-03-10")) <= 60

    def test_without_a_cookie_there_is_no_hash(self):
        assert hash_visitor(log_store.connect(), "") == ""
