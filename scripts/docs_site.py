"""What MkDocs is told of the pages: their order, and those outside docs/, which become pages of the site, too.

A hook of mkdocs.yml; `make docs` builds the site.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
# Pages of the repository's root, and what they are called in the site; README.md of docs/ is its first page.
PAGES = {
    "README.md": "repository.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "reporting.md",
    "NOTICE": "notice.md",
    "LICENSE": "licence.md",
}
_LINK = re.compile(r"\]\(([^)#\s]+)((?:#[^)]*)?)\)")
_ROW = re.compile(r"^\| \[[\w.-]+\]\(([\w.-]+\.md)\) \|", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages into the order of the table that has them all."""
    index = (ROOT / "docs" / "README.md").read_text()
    config.nav = ["README.md", *_ROW.findall(index), {"This repository": list(PAGES.values())}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root."""
    for name, page in PAGES.items():
        text = (ROOT / name).read_text()
        content = text if name.endswith(".md") else f"# {name}\n\n```text\n{text}```\n"
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to the root's pages, and from them, to where the site has them."""
    outside = page.file.src_uri in PAGES.values()

    def led(found: re.Match[str]) -> str:
        target, anchor = found.groups()
        if outside:
            target = target.removeprefix("docs/") if target.startswith("docs/") else PAGES.get(target, target)
        else:
            target = PAGES.get(target.removeprefix("../"), target) if target.startswith("../") else target
        return f"]({target}{anchor})"

    markdown = _LINK.sub(led, markdown)
    return _deeper(markdown) if outside else markdown


def _deeper(markdown: str) -> str:
    """Indent what belongs to a numbered item by four spaces, which Python's Markdown wants, in place of GitHub's three."""
    lines, within = [], False
    for line in markdown.split("\n"):
        if re.match(r"\d+\. ", line):
            within = True
        elif line and not line.startswith("   "):
            within = False
        lines.append(f" {line}" if within and line.startswith("   ") else line)
    return "\n".join(lines)
