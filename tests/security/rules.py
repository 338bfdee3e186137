"""Who gets what of every address: the status for nobody in particular, for staff without a permission, for a superuser.

A new address fails the tests until it has a line here.
"""

from typing import NamedTuple


class Rule(NamedTuple):
    """Statuses of one address; `at` stands where the name alone does not lead to it."""

    anonymous: int
    staff: int
    superuser: int
    method: str = "GET"
    at: str = ""


ADMIN = Rule(302, 403, 200)  # nobody is sent to log in, staff need the permission
REFUSED = Rule(302, 403, 403)  # not even superusers, because the row is not made or removed by hand
STAFF = Rule(302, 200, 200)
ABSENT = Rule(302, 403, 404)  # there is no map, no such rebuild: only those who may look are told
SENT = Rule(302, 403, 302, "POST")  # a button: the work is handed to Celery and the page shown again
PUBLIC = Rule(200, 200, 200)


def _pages(model: str, *refused: str) -> dict[str, Rule]:
    """The pages of a model in the admin, all with their permission, but those that are refused to everybody."""
    pages = ("changelist", "add", "history", "delete", "change")
    return {f"admin:{model}_{page}": REFUSED if page in refused else ADMIN for page in pages}


def _public(at: str, method: str = "GET", status: int = 200) -> Rule:
    return Rule(status, status, status, method, at)


RULES: dict[str, Rule] = {
    # The storefront
    "shop:home": PUBLIC,
    "fashion_search_pages:photo": PUBLIC,
    "fashion_search_pages:search": PUBLIC,
    "fashion_search_pages:suggest": PUBLIC,
    "fashion_search_pages:events": Rule(400, 400, 400, "POST"),
    "shop:category": _public("/categories/apparel/topwear/shirts/"),
    "shop:product": _public("/products/SLUG/"),
    "shop:bag": PUBLIC,
    "shop:thumbnail": _public("/media/thumbs/card/products/aa/S1.jpg.webp"),
    "favicon": Rule(302, 302, 302),
    "robots": PUBLIC,
    "sitemap": PUBLIC,
    "sitemap_part": _public("/sitemap-products.xml"),
    # For those who watch; figures need a token, which stands in their own tests
    "fashion_search_watching:live": PUBLIC,
    "fashion_search_watching:ready": Rule(503, 503, 503),  # the tests' shop has no artifact that encodes
    "fashion_search_watching:metrics": Rule(404, 404, 404),
    "media": _public("/media/nothing-here.jpg", status=404),
    # The API; what a key may do stands in its own tests
    "fashion_search:photo": Rule(400, 400, 400, "POST"),
    "fashion_search:search": PUBLIC,
    "fashion_search:categories": PUBLIC,
    "fashion_search:products": PUBLIC,
    "fashion_search:similar": _public("/api/v1/products/S1/similar/"),
    "fashion_search:product": _public("/api/v1/products/S1/"),
    "fashion_search:suggest": PUBLIC,
    "fashion_search:schema": PUBLIC,
    "fashion_search:docs": PUBLIC,
    "fashion_search:events": Rule(400, 400, 400, "POST"),
    "fashion_search:tags": Rule(400, 400, 400),
    "fashion_search:words": Rule(400, 400, 400),
    "fashion_search:<^(?:search|products|categories|suggest|events|tags|words|schema|docs)/(?s:.*)$>": _public(
        "/api/v1/search/nothing/", status=404
    ),
    # The admin's own pages
    "admin:index": STAFF,
    "admin:login": Rule(200, 302, 302),
    "admin:logout": Rule(302, 405, 405),
    "admin:password_change": STAFF,
    "admin:password_change_done": STAFF,
    "admin:autocomplete": REFUSED,  # without a field that it completes
    "admin:jsi18n": STAFF,
    "admin:view_on_site": Rule(302, 404, 404, at="/admin/r/1/1/"),
    "admin:app_list": Rule(302, 404, 200, at="/admin/shop/"),
    "admin:<(?P<url>.*)$>": Rule(302, 404, 404, at="/admin/nothing/here/"),
    "admin:<<path:object_id>/>": Rule(
        302, 302, 302, at="/admin/shop/product/1/"
    ),  # the former address of a form
    # Accounts and the catalogue
    **_pages("auth_group"),
    **_pages("auth_user"),
    "admin:auth_user_password_change": ADMIN,
    **_pages("shop_brand"),
    **_pages("shop_category"),
    **_pages("shop_product"),
    # The index
    "admin:fashion_search_dashboard_changelist": ADMIN,
    "admin:fashion_search_build_changelist": ADMIN,
    "admin:fashion_search_build_progress": ADMIN,
    "admin:fashion_search_build_start": SENT._replace(at="/admin/fashion_search/build/start/rebuild/"),
    "admin:fashion_search_build_cancel": ABSENT,
    **_pages("fashion_search_indexversion", "add", "delete"),
    "admin:fashion_search_roll_back": SENT,
    "admin:fashion_search_activate": SENT,
    "admin:fashion_search_give_up": SENT,
    **_pages("fashion_search_staleproduct", "add", "delete"),
    **_pages("fashion_search_indexentry", "add", "delete"),
    **_pages("fashion_search_evaluation", "add", "delete"),
    **_pages("fashion_search_judgedset"),
    "admin:fashion_search_judgedset_judge": ADMIN,
    "admin:fashion_search_judgedset_upload": ADMIN,
    "admin:fashion_search_judgedset_compare": ADMIN,
    "admin:fashion_search_judgedset_export": ADMIN,
    "admin:fashion_search_judgedset_state": ADMIN,
    "admin:fashion_search_judgedset_start": SENT,
    **_pages("fashion_search_apikey", "delete"),
    # What shoppers look for
    "admin:fashion_search_searchday_changelist": ADMIN,
    "admin:fashion_search_queryday_changelist": ADMIN,
    "admin:fashion_search_inspector": ADMIN,
    "admin:fashion_search_compare": ADMIN,
    "admin:fashion_search_workbench": ADMIN,
    "admin:fashion_search_changes": ADMIN,
    "admin:fashion_search_places": ADMIN,
    "admin:fashion_search_devices": ADMIN,
    "admin:fashion_search_weekly": ADMIN,
    "admin:fashion_search_weekly_send": SENT,
    "admin:fashion_search_workbench_ignore": SENT,
    **_pages("fashion_search_loggedsearch", "add", "delete"),
    # Merchandising
    **_pages("fashion_search_banner"),
    **_pages("fashion_search_redirect"),
    "admin:fashion_search_arrangement_changelist": ADMIN,
    **_pages("fashion_search_merchandisingrule"),
    "admin:fashion_search_merchandisingrule_preview": ADMIN._replace(method="POST"),
    "admin:fashion_search_merchandisingrule_products": ADMIN,
    **_pages("fashion_search_synonym"),
    "admin:fashion_search_synonym_preview": ADMIN._replace(method="POST"),
    # Tags
    **_pages("fashion_search_producttag", "add", "delete"),
    **_pages("fashion_search_tagword"),
    "admin:fashion_search_tag_review": ADMIN,
    "admin:fashion_search_tag_decide": SENT,
    # Health and map of the catalogue
    "admin:fashion_search_cataloguehealth_changelist": ADMIN,
    "admin:fashion_search_cataloguehealth_state": ADMIN,
    "admin:fashion_search_cataloguehealth_start": SENT,
    "admin:fashion_search_cataloguemap_changelist": ADMIN,
    "admin:fashion_search_cataloguemap_state": ADMIN,
    "admin:fashion_search_cataloguemap_start": SENT,
    "admin:fashion_search_cataloguemap_points": ABSENT,
    "admin:fashion_search_cataloguemap_card": ABSENT,
    "admin:fashion_search_cataloguemap_product": ABSENT,
    "admin:fashion_search_cataloguemap_words": ABSENT,
}
