"""What a browser may run and load on the shop's pages, as django-csp reads it."""

from collections.abc import Iterable

from csp.constants import NONE, SELF

Directives = dict[str, list[str | bool]]

# Pictures and thumbnails are shown, never opened as pages: whatever somebody managed to upload, nothing in it runs.
INERT: Directives = {"default-src": [NONE], "frame-ancestors": [NONE], "sandbox": [True]}


def page_policy(hosts: Iterable[str] = ()) -> Directives:
    """Return the policy of every page: files of the shop's own, no inline scripts or styles, no frames, no eval.

    Args:
        hosts: host names besides the shop's that merchandising's redirects and banners may lead to. A browser holds
            form-action against the redirect that follows a form, and a search is a form.
    """
    # A source that begins with http: fits https, too.
    elsewhere = [f"http://{host}" for host in hosts]
    return {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # blob: is the preview of a photo that was not sent yet; data: are icons inside Swagger UI's styles.
        "img-src": [SELF, "blob:", "data:", *elsewhere],
        "form-action": [SELF, *elsewhere],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
