import pytest
from django.core.cache import cache

from search.engine import Filters, Trial, find_similar, search
from search.engine.scored import spread_tiers, spread_variants
from search.indexing.lexicons import build_lexicon
from search.merchandising.hits import flush_hits
from search.merchandising.snapshots import forget_snapshot
from search.models import Banner, IndexEntry, MerchandisingRule, Redirect, Synonym
from search.query.lexicon import forget_words
from search.query.synonyms import SynonymEntry
from tests.search.indexed import add, unit


def skus(answer):
    return [result.card.sku for result in answer.results]


def make_rule(action, sku="", *, phrase="shirt", place="query", **values):
    key = IndexEntry.objects.get(sku=sku).product_key if sku else ""
    rule = MerchandisingRule.objects.create(
        action=action, sku=sku, product_key=key, phrase=phrase, place=place, **values
    )
    forget_snapshot()
    return rule


def counts(answer, facet):
    return {count.value: count.count for count in answer.facets[facet]}


def test_pins_and_hides_hold_for_results_totals_and_facets(shirts):
    everything = skus(search("shirts"))
    assert len(everything) == 5
    pin = make_rule("pin", "s5", position=2)
    hide = make_rule("hide", "s1")
    answer = search("Shirt")
    rest = [sku for sku in everything if sku not in ("s1", "s5")]
    assert skus(answer) == [rest[0], "s5", *rest[1:]]
    assert (answer.total, answer.matching) == (4, 4)
    assert counts(answer, "colour") == {"Red": 1, "Blue": 2}
    assert {fired.rule_id for fired in answer.fired} == {pin.pk, hide.pk}
    red = search("shirt", filters=Filters(facets={"colour": ("Red",)}))
    assert (skus(red), counts(red, "colour")) == (["s2"], {"Red": 1, "Blue": 2})
    assert skus(search("shirt", sort="price"))[0] == "s2"
    assert "s1" not in skus(search("shirt", sort="newest"))


def test_a_pinned_product_comes_in_if_it_meets_the_filters(shirts, version):
    add(version, "bag", "Leather bag", price=900, facets={"brand": ["Bolt"]})
    make_rule("pin", "bag", position=1)
    answer = search("shirt")
    assert (skus(answer)[0], answer.total, answer.matching) == ("bag", 6, 6)
    assert counts(answer, "brand") == {"Acme": 3, "Bolt": 3}
    assert "bag" not in skus(search("shirt", filters=Filters(facets={"brand": ("Acme",)})))
    filtered = search("shirt", filters=Filters(facets={"brand": ("Bolt",)}))
    assert (skus(filtered)[0], filtered.total) == ("bag", 3)
    assert "bag" not in skus(search("shirt -leather"))
    assert "bag" not in skus(search("shirt under 500"))


@pytest.mark.parametrize("pinned", ["s4", "s5"])
def test_a_pin_keeps_its_place_whatever_the_filters_leave(shirts, pinned):
    make_rule("pin", pinned, position=2)
    assert skus(search("shirt"))[1] == pinned
    assert skus(search("shirt", filters=Filters(facets={"brand": ("Bolt",)})))[1] == pinned


def test_boosts_move_a_value_up(shirts):
    first = skus(search("shirt"))[0]
    make_rule("bury", first, strength="strongly")
    assert skus(search("shirt"))[-1] == first
    make_rule("boost", facet="brand", value="Bolt", strength="strongly")
    assert set(skus(search("shirt"))[:2]) == {"s4", "s5"}


def test_every_page_is_arranged_as_the_whole_is(shirts):
    make_rule("pin", "s1", position=3)
    whole = skus(search("shirt"))
    pages = [skus(search("shirt", page=page, page_size=2)) for page in (1, 2, 3)]
    assert whole[2] == "s1"
    assert [sku for page in pages for sku in page] == whole


@pytest.fixture
def shelves(version):
    """Six shirts of one category, s6 the newest; the fourth is red, of another category, too."""
    for number in range(1, 7):
        more = {"colour": ["Red"]} if number == 4 else {}
        add(version, f"s{number}", f"Shirt {number}", facets={"category": ["Shirts"], **more})


IN_SHIRTS = Filters(facets={"category": ("Shirts",)})


def pages_of_shirts(size):
    pages = [skus(search("", filters=IN_SHIRTS, page=page, page_size=size)) for page in range(1, 8)]
    return [sku for page in pages for sku in page]


@pytest.mark.parametrize("size", [1, 2, 4, 6])
def test_category_pages_obey_rules(shelves, size):
    make_rule("pin", "s1", place="category", phrase="shirts", position=2)
    make_rule("pin", "s2", place="category", phrase="Shirts", position=2)
    make_rule("pin", "s3", place="category", phrase="Shirts", position=90)
    make_rule("boost", place="category", phrase="Shirts", facet="colour", value="Red")
    make_rule("hide", "s6", place="category", phrase="Shirts")
    assert pages_of_shirts(size) == ["s4", "s1", "s2", "s5", "s3"]
    answer = search("", filters=IN_SHIRTS)
    assert (answer.total, counts(answer, "category"), len(answer.fired)) == (5, {"Shirts": 5}, 5)
    assert skus(search("", filters=IN_SHIRTS, sort="newest")) == ["s5", "s4", "s3", "s2", "s1"]
    assert len(skus(search(""))) == 6


def test_a_pin_that_is_not_in_the_category_is_not_shown(shelves, version):
    add(version, "bag", "Bag", facets={"category": ["Bags"]})
    make_rule("pin", "bag", place="category", phrase="Shirts", position=1)
    answer = search("", filters=IN_SHIRTS)
    assert (skus(answer)[0], answer.total, answer.fired) == ("s6", 6, ())


def test_similar_items_obey_rules(version):
    one = add(version, "one", "One", facets={"category": ["Tops"]}, pictures=[unit(1)])
    for number, name in enumerate(("near", "nearer"), start=1):
        add(version, name, name, facets={"category": ["Tops"]}, pictures=[unit(1, 1 / number)])
    add(version, "far", "far", price=5)
    key = str(one.pk)
    assert skus(find_similar(key)) == ["nearer", "near"]
    make_rule("pin", "far", place="similar_product", phrase="one", place_key=key, position=1)
    make_rule("hide", "near", place="similar_category", phrase="tops")
    make_rule("pin", "one", place="similar_category", phrase="Tops", position=1)
    answer = find_similar(key)
    assert (skus(answer), len(answer.fired)) == (["far", "nearer"], 2)
    assert skus(find_similar(str(one.pk), limit=1)) == ["far"]


def test_redirect_and_banners_come_with_the_answer(shirts):
    Redirect.objects.create(phrase="gift cards", url="/gifts/")
    Banner.objects.create(phrase="shirt", place="contains", text="Two for one", link="/offers/")
    assert search("gift card").redirect == "/gifts/"
    answer = search("red shirts")
    assert (answer.redirect, [banner.text for banner in answer.banners]) == ("", ["Two for one"])


def test_hits_are_counted_once_per_search_and_not_for_trials(shirts):
    cache.clear()
    rule = make_rule("hide", "s1")
    search("shirt", filters=Filters(facets={"colour": ("Red",), "brand": ("Acme",)}))
    search("shirt", page=2)
    search("shirt", trial=Trial())
    flush_hits()
    rule.refresh_from_db()
    assert rule.hits == 1


def test_synonyms_of_the_table_are_understood(shirts, version):
    build_lexicon(version)
    forget_words()
    assert skus(search("zephyr")) == []
    tried = search("zephyr", trial=Trial(synonyms=(SynonymEntry("zephyr", ("brand=Bolt",)),)))
    assert set(skus(tried)) == {"s4", "s5"}
    assert skus(search("zephyr")) == []
    Synonym.objects.create(phrase="Zephyr", means=["colour=Red"])
    forget_words()
    forget_snapshot()
    answer = search("zephyr")
    assert set(skus(answer)) == {"s1", "s2"}
    assert [part.values for part in answer.understood] == [("Red",)]


def test_synonyms_count_the_searches_that_hold_them(shirts, redis_server):
    cache.clear()
    one = Synonym.objects.create(phrase="zephyr", means=["brand=Bolt"], both_ways=True)
    other = Synonym.objects.create(phrase="frock", means=["dress"])
    forget_snapshot()
    for text in ("zephyr shirt", "Zephyrs", "shirt", "bolt shirt"):
        search(text, spelling=False)
    search("zephyr", trial=Trial())
    flush_hits()
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.hits, other.hits) == (3, 0)
    assert one.last_fired is not None


def spread(names, **options):
    items = names.split()
    styles = [name[0].strip("-") for name in items]
    return " ".join(items[place] for place in spread_variants(styles, **options))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("a1 a2 a3 a4 b1 c1 d1", "a1 a2 b1 c1 a3 a4 d1"),
        ("a1 a2 a3 a4 a5 a6 b1", "a1 a2 b1 a3 a4 a5 a6"),  # nothing else could fill the page
        ("a1 b1 c1 d1 a2 a3", "a1 b1 c1 d1 a2 a3"),
        ("-1 -2 -3 -4 -5", "-1 -2 -3 -4 -5"),  # no style
        ("", ""),
    ],
)
def test_too_many_variants_move_to_the_next_page(names, expected):
    assert spread(names, most=2, page=4) == expected


def test_any_number_may_stand_together():
    assert spread("a1 a2 a3 b1", most=0, page=2) == "a1 a2 a3 b1"


def test_a_later_tier_stays_behind():
    assert spread_tiers(["a", "a", "a", "b"], [3, 1], most=1, page=2) == [0, 1, 2, 3]
