import pytest
from django.utils import timezone

from search.indexing import building
from search.models import IndexEntry, StaleProduct
from search.monitoring.dashboard import (
    Answers,
    Failed,
    probe_build,
    probe_failed,
    probe_response_times,
    read_failed,
)
from search.monitoring.probes import Finding, State
from tests.search.products import add_picture, drain, make_product

OK, ATTENTION, BROKEN = State.OK, State.ATTENTION, State.BROKEN


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("index_settings")
class TestFailed:
    def test_what_failed(self):
        bad = make_product("A1", pictures=0)
        picture = add_picture(bad, b"no picture")
        StaleProduct.objects.create(
            product_key="2000000000", marked_at=timezone.now(), parked=True, last_error="gone"
        )
        building.begin_build(building.request_build("rebuild", by="anna")[0].pk)
        drain()
        failed = read_failed()
        reason = f"{picture.image.name}: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture."
        assert [(row.name, row.reason, row.parked) for row in failed.first] == [
            ("product 2000000000", "gone", True),
            ("A1: red Shirt", reason, False),
        ]
        assert (failed.parked, failed.retrying, failed.incomplete) == (1, 1, 1)
        assert IndexEntry.objects.count() == 1

    @pytest.mark.parametrize(
        ("parked", "retrying", "state", "sentence"),
        [
            (0, 0, OK, "None."),
            (0, 1, OK, "1 product will be tried again."),
            (2, 1, ATTENTION, "2 products parked after their last attempt."),
        ],
    )
    def test_check(self, parked, retrying, state, sentence):
        check = probe_failed(Failed((), parked, retrying, 0))
        assert (check.state, check.sentence) == (state, sentence)

    @pytest.mark.parametrize(("incomplete", "state"), [(5, OK), (6, ATTENTION)])
    def test_a_share_of_them(self, incomplete, state):
        check = probe_failed(Failed((), 0, 1, incomplete, entries=100))
        assert check.state is state
        if state is ATTENTION:
            assert check.sentence == "6 of 100 products are not wholly in the index."


class TestBuild:
    BUILD = {
        "kind": "rebuild", "state": "running", "running": True, "stalled": False, "trouble": "", "advice": "Start one.",
        "sentence": "Verifying.",
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("given", "state", "sentence", "remedy"),
        [
            ({}, OK, "A rebuild runs. Verifying.", ""),
            ({"stalled": True}, ATTENTION, "The rebuild does not move.", "Start one."),
            ({"trouble": "disk full"}, ATTENTION, "The rebuild runs into: disk full",
             "Correct what the reason names; the step is tried again by itself."),
            ({"state": "failed", "running": False, "sentence": "Disk full."}, ATTENTION,
             "The last rebuild failed. Disk full.", "Correct what the reason names, then begin again."),
            ({"state": "cancelled", "running": False}, OK, "The last rebuild is cancelled.", ""),
        ],
    )  # fmt: skip
    def test_states(self, given, state, sentence, remedy):
        assert probe_build(self.BUILD | given) == Finding("Builds", state, sentence, remedy)

    def test_before_the_first(self):
        assert probe_build(None) == Finding("Builds", OK, "Nothing has been built yet.")


@pytest.mark.usefixtures("search_settings")
class TestAnswers:
    @pytest.mark.parametrize(
        ("p95", "degraded", "state", "sentence"),
        [
            (80.0, 0.0, OK, "Yesterday, 95 % of searches were answered within 80 ms."),
            (1500.0, 0.0, ATTENTION, "Yesterday, 95 % of searches were answered within 1,500 ms."),
            (80.0, 0.5, ATTENTION, "Yesterday, 95 % of searches were answered within 80 ms. 50 % of pages were degraded, by keyword only."),
        ],
    )  # fmt: skip
    def test_by_the_latest_day_with_searches(self, p95, degraded, state, sentence):
        rows = [
            Answers("Today", 0, None, None, None, None),
            Answers("Yesterday", 9, 0.0, degraded, 20.0, p95),
        ]
        check = probe_response_times(rows)
        assert (check.state, check.sentence) == (state, sentence)

    def test_without_searches_or_log(self, settings):
        rows = [Answers(label, 0, None, None, None, None) for label in ("Today", "Yesterday", "Last 7 days")]
        check = probe_response_times(rows)
        assert (check.state, check.sentence) == (
            OK,
            "No search was logged in the last 7 days, so nothing was measured.",
        )
        check = probe_response_times([*rows[:2], Answers("Last 7 days", 70, 0.0, 0.0, 9.0, 9.0)])
        assert (check.state, check.sentence) == (
            ATTENTION,
            "No search was logged since yesterday, 70 on the days before.",
        )
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"INSIGHT": False}
        assert (
            probe_response_times(rows).sentence
            == "Searches are not being logged: the setting INSIGHT is off."
        )
