"""The steps of docs/install.md or a page like it, as they are to be taken: each fenced block is a command or a piece of a file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "install.md"
_BLOCK = re.compile(
    r"^(?:<!-- (?P<marker>[^>]+) -->\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_HEADING = re.compile(r"^## (?:\d+\. )?(.+)$", re.MULTILINE)
_FILE = re.compile(r"# (\S+\.py)\n")


@dataclass(frozen=True)
class Step:
    """One block of the page."""

    heading: str  # of its section
    body: str
    file: str = ""  # that it is added to the end of; "" for commands
    keeps_running: bool = False


def steps_for(kind: str, page: Path = PAGE) -> Iterator[Step]:
    """Yield the steps for one kind of shop.

    Args:
        kind: "oscar", "wagtail", or "models" for a shop with models of its own.
        page: the page that has them.
    """
    text = page.read_text()
    headings = [(found.start(), found[1]) for found in _HEADING.finditer(text)]
    for block in _BLOCK.finditer(text):
        marker = block["marker"] or ""
        wanted = marker.removeprefix("for: ") if marker.startswith("for: ") else kind
        assert wanted in ("oscar", "wagtail", "models"), marker
        assert marker in ("", "keeps running") or marker.startswith("for: "), marker
        if wanted != kind:
            continue
        heading = [name for place, name in headings if place < block.start()][-1]
        if block["language"] == "bash":
            yield Step(heading, block["body"], keeps_running=marker == "keeps running")
        else:
            assert block["language"] == "python", block["language"]
            named = _FILE.match(block["body"])
            assert named, f"a block without the name of its file: {block['body'][:80]}"
            yield Step(heading, block["body"][named.end() :], file=named[1])
