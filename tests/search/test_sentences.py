"""Sentences that are put together when they are made are in the language of whoever reads them."""

import json
import pickle

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, override

from search.engine.answers import CUT, NO_WORDS
from search.monitoring.probes import State, count, span
from search.sentences import changed, figure, joined, said, untranslated

from .query.reading import understand


def test_values_and_sentences_inside_are_translated_with_it():
    rule = said(_("Rule %(rule)s hides %(subject)s."), rule=5, subject=said(_("rule %(number)s"), number=3))
    assert rule == "Rule 5 hides rule 3."
    with override("de"):
        assert rule == "Regel 5 blendet Regel 3 aus."
    assert str(rule) == "Rule 5 hides rule 3."


def test_the_number_chooses_the_plural():
    keys = ngettext_lazy("%(number)s key revoked.", "%(number)s keys revoked.", "number")
    assert [str(said(keys, number=number)) for number in (1, 2)] == ["1 key revoked.", "2 keys revoked."]
    assert count(1, "product") == "1 product"
    with override("de"):
        assert (count(1234, "product"), span(2 * 86_400)) == ("1.234 Produkte", "2 Tagen")


def test_numbers_are_written_as_the_language_does():
    assert (figure(1234.5, 1), figure(7)) == ("1,234.5", "7")
    with override("de"):
        assert figure(1234.5, 1) == "1.234,5"


def test_several_are_joined_and_nothing_is_left_out_or_doubled():
    assert joined(()) == "" == joined(("", ""))
    both = joined((NO_WORDS, "", "Plain."))
    assert both == f"{NO_WORDS} Plain."
    with override("de"):
        assert both == "Die Wörter des Katalogs sind noch nicht gezählt: Es gibt keine Vorschläge. Plain."
        assert changed(State.OK.label, str.upper) == "IN ORDNUNG"


def test_logs_and_tables_have_them_as_they_are_written():
    with override("de"):
        cut = said(CUT, last="shirt")
        assert cut.startswith("Die Suche ist länger")
        assert untranslated(cut) == "The query is longer than 200 characters: it was cut after “shirt”."


def test_they_go_into_json_and_to_other_processes():
    cut = said(CUT, last="shirt")
    assert json.loads(json.dumps({"notes": [cut]}, cls=DjangoJSONEncoder)) == {"notes": [str(cut)]}
    assert pickle.loads(pickle.dumps(cut)) == cut


def test_what_is_said_of_a_query_is_in_the_language_of_the_reader_and_quotes_what_was_typed():
    _typed, _read, understood = understand("Kleid unter 50 Euro")
    (note,) = understood.notes
    assert note == "“unter 50 Euro” was converted: up to 4,500.00 INR."
    with override("de"):
        assert note == "„unter 50 Euro“ wurde umgerechnet: bis 4.500,00 INR."
