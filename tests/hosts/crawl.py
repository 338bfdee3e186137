"""Follows the links of a shop's pages: each address once, those that differ only in what they filter or sort by some times."""

import html
import re
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable

from tests.hosts.host import Answer, Browser

_LINK = re.compile(r"""(?:href|action|value|src)=["']([^"'#]*)""")
NUMBERS = re.compile(r"\d+")
NAMED = re.compile(
    r"(/catalogue/(?:category/)?)[\w/-]+_\d+/"
)  # products and categories, whose names are in their addresses
# Where a link ends the session, changes something when it is followed, or leads to a file.
LEFT_OUT = re.compile(
    r"/(?:logout|set_language|setlang|jsi18n)|\.(?:css|js|png|jpe?g|webp|ico|svg|woff2?)(?:\?|$)"
)


class Crawl:
    """Asks for every page that links lead to.

    Args:
        browser: who asks.
        alike: addresses of one pattern that are asked for at most: the same path but for numbers, the same names of parameters.
    """

    def __init__(self, browser: Browser, alike: int = 3) -> None:
        self._browser, self._alike = browser, alike
        self.answers: dict[str, int] = {}
        self._patterns: Counter[str] = Counter()

    def follow(self, starts: Iterable[str], *, most: int, may: Callable[[str], bool]) -> None:
        """Ask for pages, those first that are linked first.

        Args:
            starts: paths to begin with, which are asked for in any case.
            most: pages that are asked for.
            may: whether a path may be asked for.
        """
        waiting = [path for path in starts if path not in self.answers]
        known = set(waiting)
        while waiting and len(self.answers) < most:
            path = waiting.pop(0)
            answer = self._browser.get(path)
            self.answers[path] = answer.status
            for link in links(answer, path):
                if link not in known and not LEFT_OUT.search(link) and may(link) and self._is_new(link):
                    known.add(link)
                    waiting.append(link)

    def failed(self) -> dict[str, int]:
        """Return the addresses that were answered with an error of the server, or not at all."""
        return {path: status for path, status in self.answers.items() if status == 0 or status >= 500}

    def _is_new(self, link: str) -> bool:
        parts = urllib.parse.urlsplit(link)
        names = sorted({name for name, _ in urllib.parse.parse_qsl(parts.query, keep_blank_values=True)})
        path = NAMED.sub(r"\1x_1/", parts.path)
        pattern = NUMBERS.sub("1", path) + "?" + "&".join(names)
        self._patterns[pattern] += 1
        return self._patterns[pattern] <= self._alike


def links(answer: Answer, path: str) -> list[str]:
    """Return the paths that a page leads to on the same host, in their order."""
    if "<" not in answer.text[:200]:
        return []
    base = urllib.parse.urlsplit(answer.address)
    found = []
    for stated in _LINK.findall(answer.text):
        link = html.unescape(stated).strip()
        if not link.startswith(("/", "?", ".")) and "://" not in link:
            continue
        whole = urllib.parse.urlsplit(urllib.parse.urljoin(answer.address, link))
        if whole.netloc == base.netloc and whole.scheme in ("http", "https"):
            found.append(whole.path + (f"?{whole.query}" if whole.query else ""))
    return list(dict.fromkeys(found))
