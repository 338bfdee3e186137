"""Send naughty texts, and say what is wrong with an answer."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

from tests.abuse.strings import ATTRIBUTE, EVALUATED, PROBE, named
from tests.pace import slowness

REFUSED_WITHIN = (
    0.05  # seconds of this process on a quick machine; those on the clock are shared with whatever else runs
)
TRIES = 5  # the best one counts
LINKS = ("href", "src", "action", "formaction", "srcset")


class _Reader(HTMLParser):
    """Notes what only an unescaped text can have put into a page."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == PROBE:
            self.wrong.append(f"<{PROBE}> was written unescaped")
        for name, value in attrs:
            if name == ATTRIBUTE:
                self.wrong.append(f"{ATTRIBUTE} became an attribute of <{tag}>")
            if name in LINKS and (value or "").strip().lower().startswith("javascript:"):
                self.wrong.append(f"<{tag} {name}> is a javascript: address")


@cache  # so that the time of an answer is not the time of encoding a megabyte
def encoded(text: str) -> str:
    """The text for an address; half a surrogate pair as the three bytes that no UTF-8 has."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def query(**parameters: str) -> str:
    """A query string."""
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in parameters.items())


def form(image: bytes, **fields: str) -> dict[str, Any]:
    """What a client needs to post a form with a picture; no field is changed on the way."""
    parts = [
        f'name="{name}"\r\n\r\n'.encode() + text.encode("utf-8", "surrogatepass")
        for name, text in fields.items()
    ]
    parts.append(b'name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' + image)
    body = b"".join(b"--limit\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    return {"data": body + b"--limit--\r\n", "content_type": "multipart/form-data; boundary=limit"}


def complaints(response: Any) -> list[str]:
    """What is wrong with an answer."""
    wrong = []
    if response.status_code >= 500:
        wrong.append(f"status {response.status_code}")
    if response.streaming:
        return wrong
    page = response.content.decode()
    if EVALUATED in page:
        wrong.append("a template was rendered")
    if response.get("Content-Type", "").startswith("text/html"):
        reader = _Reader()
        reader.feed(page)
        reader.close()
        wrong += reader.wrong
    if response.status_code == 400 and not page.strip():
        wrong.append("refused without a word")
    return wrong


def send_all(send: Callable[[str], Any], *names: str) -> Mapping[str, list[str]]:
    """Send each of the texts, and return what is wrong with the answers, by the texts' names."""
    wrong = {}
    for name, text in named(*names).items():
        try:
            found = _problems(send, text)
        # What a server would answer with 500; what comes after it means nothing.
        except Exception as error:  # noqa: BLE001
            return wrong | {name: [f"{type(error).__name__}: {str(error)[:200]}"]}
        if found:
            wrong[name] = found
    return wrong


def send_all_to(
    inputs: Iterable[Any], send: Callable[..., Any], *names: str
) -> dict[Any, Mapping[str, list[str]]]:
    """Send each of the texts to each of the inputs; what is wrong, by input."""
    found = {one: send_all(partial(send, one), *names) for one in inputs}
    return {one: wrong for one, wrong in found.items() if wrong}


def _problems(send: Callable[[str], Any], text: str) -> list[str]:
    response, taken = _timed(send, text)
    found = complaints(response)
    if 400 <= response.status_code < 500:
        for _again in range(TRIES - 1):
            if taken > REFUSED_WITHIN:
                taken = min(taken, _timed(send, text)[1])
        if taken > REFUSED_WITHIN * slowness():
            found.append(f"refused after {taken * 1000:.0f} ms")
    return found


def _timed(send: Callable[[str], Any], text: str) -> tuple[Any, float]:
    begun = time.process_time()
    response = send(text)
    return response, time.process_time() - begun
