"""Which kind of device a request comes from; only the kind is kept of it."""

import re

from django.http import HttpRequest

from ..models import Device

_BROWSER = re.compile(r"^(?:Mozilla|Opera)/")
_NEITHER = re.compile(r"smart-?tv|tizen|web0s|hbbtv|apple ?tv|xbox|playstation", re.IGNORECASE)
_TABLET = re.compile(r"ipad|tablet|playbook|kindle|silk/(?!.*mobile)|android(?!.*mobile)", re.IGNORECASE)
_PHONE = re.compile(r"mobi|iphone|ipod|windows phone|opera mini", re.IGNORECASE)
_DESKTOP = re.compile(r"windows nt|macintosh|x11|cros|linux", re.IGNORECASE)


def device_of(request: HttpRequest) -> Device:
    """Return the kind of device that a request names; UNKNOWN where it names none.

    Programs that are no browser, such as a shop's own app, count as APP. An iPad that asks for the pages of desktops says
    that it is a Mac, and counts as one.
    """
    agent = request.headers.get("User-Agent", "")
    if not agent or _NEITHER.search(agent):
        return Device.UNKNOWN
    if not _BROWSER.match(agent):
        return Device.APP
    if _TABLET.search(agent) and "windows nt" not in agent.lower():  # "Tablet PC" stands in those of desktops
        return Device.TABLET
    if request.headers.get("Sec-CH-UA-Mobile") == "?1" or _PHONE.search(agent):
        return Device.PHONE
    return Device.DESKTOP if _DESKTOP.search(agent) else Device.UNKNOWN
