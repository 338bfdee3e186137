import pytest
from django.template import Context, RequestContext, Template
from django.test import RequestFactory

from search.merchandising.snapshots import BannerShown
from search.models import IndexVersion
from tests.search.indexed import add, make_version, unit

urlpatterns: list = []


def render(source, request=None, **context):
    template = Template("{% load fashion_search %}" + source)
    return template.render(RequestContext(request, context) if request else Context(context))


def test_a_search_box_is_labelled_and_holds_the_query():
    html = render("{% search_box %}", RequestFactory().get("/", {"q": 'red "<shirt>"\x00'}))

    assert '<form class="fashion-search-box" action="/search/" method="get" role="search">' in html
    assert '<label for="fashion-search-q">Search products</label>' in html
    assert 'value="red &quot;&lt;shirt&gt;&quot;"' in html
    assert "placeholder" not in html


def test_a_search_box_may_be_changed_and_needs_no_request(settings):
    settings.FASHION_SEARCH = {"SEARCH_URL": "shop:home"}

    html = render('{% search_box label="Find" placeholder="red shirt" box_id="q2" %}')

    assert 'action="/"' in html
    assert '<label for="q2">Find</label>' in html
    assert 'placeholder="red shirt"' in html
    assert 'action="/elsewhere/"' in render('{% search_box action="/elsewhere/" %}')


@pytest.fixture
def product(db, tiny_artifact, search_settings):
    version = make_version(tiny_artifact)
    product = add(version, "this", "This", pictures=[unit(1)])
    add(version, "near", "Near & dear", price="1234.5", pictures=[unit(1, 1)])
    add(version, "far", "Far", price=None, pictures=[unit(-1)])
    return product


def test_similar_products_are_a_labelled_list(product):
    html = render("{% similar_products product limit=2 %}", product=product)

    assert html.count("<li>") == 2
    assert html.index("Near &amp; dear") < html.index("Far")
    assert f'<h2 id="fashion-search-similar-{product.pk}">Similar products</h2>' in html
    assert "₹1,234.50" in html
    assert html.count('class="price"') == 1


def test_pictures_have_their_size(product, monkeypatch):
    from search.registry import get_index

    index = get_index()
    card = type(index).card

    def with_picture(self, shown):
        from dataclasses import replace

        return replace(card(self, shown), image="/media/a.webp")

    monkeypatch.setattr(type(index), "card", with_picture)
    html = render(
        '{% similar_products product limit=1 heading="More" width=120 height=160 %}', product=product
    )

    assert '<img src="/media/a.webp" alt="" width="120" height="160" loading="lazy" decoding="async">' in html
    assert ">More</h2>" in html


def test_where_there_are_none_nothing_is_shown(product):
    IndexVersion.objects.all().delete()

    assert render("{% similar_products product %}", product=product).strip() == ""


def test_banners_are_shown_with_link_and_picture_where_they_have_them():
    banners = [BannerShown(1, "A <b>", "", ""), BannerShown(2, "Two", "/sale/", "/media/sale.webp")]
    page = render("{% search_banners banners %}", banners=banners)
    assert "<li><span>A &lt;b&gt;</span></li>" in page
    assert '<a href="/sale/"><img src="/media/sale.webp" alt="" decoding="async"><span>Two</span></a>' in page
    assert render("{% search_banners banners %}", banners=()).strip() == ""


def test_the_script_that_reports_clicks_is_told_where_to_send_them():
    assert render("{% search_events %}").strip() == (
        '<script src="/static/fashion_search/events.js" data-events="/api/v1/events/" defer></script>'
    )


def test_no_script_where_searches_are_not_logged(settings):
    settings.FASHION_SEARCH = {"INSIGHT": False}
    assert render("{% search_events %}").strip() == ""


@pytest.mark.urls(__name__)
def test_no_script_where_the_api_is_not_included():
    assert render("{% search_events %}").strip() == ""
