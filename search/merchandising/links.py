"""Addresses that redirects and banners may lead to: paths of the shop, and hosts that the settings name."""

from urllib.parse import urlsplit

from django.utils.http import url_has_allowed_host_and_scheme

from ..conf import get_settings
from ..exceptions import UnsafeLink


def check_link(url: str) -> None:
    """Check that an address is a path of the shop or lies at a host of REDIRECT_HOSTS.

    Raises:
        UnsafeLink: it does not; the sentence says why.
    """
    hosts = {host.strip() for host in get_settings().redirect_hosts.split(",") if host.strip()}
    is_path = url.startswith("/") and not urlsplit(url).netloc
    is_host = urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc in hosts
    is_printed = url.isprintable() and " " not in url
    if not (is_printed and (is_path or is_host)) or not url_has_allowed_host_and_scheme(
        url, allowed_hosts=hosts
    ):
        named = ", ".join(sorted(hosts))
        known = f"of {named}" if named else "that the setting REDIRECT_HOSTS names; it names none"
        raise UnsafeLink(
            f"{url!r} must be a path of the shop that begins with one slash, or an address at a host {known}."
        )


def is_safe(url: str) -> bool:
    """Whether an address may be shown; "" may."""
    if not url:
        return True
    try:
        check_link(url)
    except UnsafeLink:
        return False
    return True
