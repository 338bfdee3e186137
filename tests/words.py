"""The words of the plugin and of the shop: which are translated, what the catalogues hold, and what stands outside of translation."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
CALLS = {
    f"{form}{lazy}": (
        form.startswith(("p", "np")),
        "ng" in form or "np" in form,
    )  # with a context, with a plural
    for form in ("gettext", "ngettext", "pgettext", "npgettext")
    for lazy in ("", "_lazy")
} | {"gettext_noop": (False, False), "_": (False, False)}
TEXT = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATES = re.compile(rf"\b(npgettext|ngettext|pgettext|gettext|_)\({TEXT}(?:, {TEXT})?(?:, {TEXT})?")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|<[^>]+>|%%")
# Of Django's own keywords, and of its classes' attributes, those that people read.
SHOWN = {
    "description",
    "empty_label",
    "empty_value_display",
    "help_text",
    "label",
    "short_description",
    "verbose_name",
    "verbose_name_plural",
}
ATTRIBUTES = {
    "alt",
    "aria-label",
    "aria-description",
    "aria-roledescription",
    "data-label",
    "placeholder",
    "title",
}
WORD = re.compile(r"[^\W\d_]{2,}")
# What is the same in every language: names of formats, and of keys on a keyboard.
NAMES = {"JSON", "SKU", "Weft", "Co", "ms", "nDCG"}
# Attributes of templates' own tags, and examples of what a field takes.
SYNTAX = re.compile(r"""[\w-]+="|\{"|\w+=\w+(, \w+=\w+)*$""")


@dataclass(frozen=True)
class Message:
    """What is translated."""

    text: str
    plural: str = ""
    context: str = ""


@dataclass(frozen=True)
class Entry:
    """An entry of a catalogue."""

    message: Message
    said: tuple[str, ...]
    fuzzy: bool


def python_files(folder: str) -> list[Path]:
    """The Python files of a folder, without its migrations."""
    files = sorted((ROOT / folder).rglob("*.py"))
    return [file for file in files if "migrations" not in file.parts]


def templates(*folders: str) -> list[Path]:
    """The templates of some folders."""
    files = (file for folder in folders for file in sorted((ROOT / folder).rglob("*")))
    return [
        file
        for file in files
        if file.suffix == ".html" or (file.suffix == ".txt" and "templates" in file.parts)
    ]


def of_python(path: Path) -> Iterator[Message]:
    """Messages in calls of gettext."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            has_context, has_plural = CALLS[node.func.id]
            assert not any(isinstance(one, ast.JoinedStr) for one in node.args), f"{path}:{node.lineno}"
            texts = [
                one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            if len(texts) >= 1 + has_context + has_plural:
                context = texts.pop(0) if has_context else ""
                yield Message(texts[0], texts[1] if has_plural else "", context)


def of_template(path: Path) -> Iterator[Message]:
    """Messages of a template, read as makemessages reads it."""
    for form, *given in IN_TEMPLATES.findall(templatize(path.read_text(), origin=str(path))):
        texts = [ast.literal_eval(text) for text in given if text]
        has_context, has_plural = CALLS[form]
        context = texts.pop(0) if has_context else ""
        yield Message(texts[0], texts[1] if has_plural else "", context)


def entries(path: Path) -> Iterator[Entry]:
    """The entries of a .po file."""
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        fields: dict[str, str] = {}
        name, fuzzy = "", False
        for line in block.splitlines():
            if line.startswith("#"):
                fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
                continue
            found = re.match(r'(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) (".*")$', line)
            name = found[1] if found else name
            fields[name] = fields.get(name, "") + ast.literal_eval(found[2] if found else line)
        if fields.get("msgid"):
            said = tuple(value for key, value in sorted(fields.items()) if key.startswith("msgstr"))
            message = Message(fields["msgid"], fields.get("msgid_plural", ""), fields.get("msgctxt", ""))
            yield Entry(message, said, fuzzy)


def placeholders(text: str) -> set[str]:
    """What of a message is filled in, and its markup."""
    return set(PLACEHOLDER.findall(text))


class _Texts(HTMLParser):
    """The texts of a page, and of the attributes that people read."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "kbd", "code")
        button = ("type", "submit") in attrs
        self.found += [
            value or "" for name, value in attrs if name in ATTRIBUTES or (name == "value" and button)
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "kbd", "code")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def untranslated_in_template(path: Path) -> list[str]:
    """Texts of a template that stand outside of translation."""
    code = path.read_text()
    code = re.sub(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", "", code, flags=re.DOTALL)
    code = re.sub(r"\{% block bodyclass %\}.*?\{% endblock %\}", "", code)
    code = re.sub(r"\{% blocktrans(?:late)?\b.*?\{% endblocktrans(?:late)? %\}", "", code, flags=re.DOTALL)
    literals = re.findall(r"""(?:default:|(?:include|with) [^%]*?=)["']([A-Z][^"']*)["']""", code)
    parser = _Texts()
    parser.feed(re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", code, flags=re.DOTALL))
    texts = [" ".join(text.split()) for text in [*parser.found, *literals]]
    return [text for text in texts if (_has_words(text) or "“" in text) and not SYNTAX.match(text)]


def untranslated_in_python(path: Path) -> list[str]:
    """Texts for people in a Python file that stand outside of translation."""
    tree = ast.parse(path.read_text())
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in SHOWN:
            found.append(node.value)
        elif isinstance(node, ast.Call):
            found += _told(node)
        elif isinstance(node, ast.ClassDef):
            found += _of_class(node)
        elif isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            found += [value for key, value in zip(keys, node.values, strict=True) if key == "title"]
        elif isinstance(node, ast.FunctionDef):
            found += _of_function(node)
    return [f"line {one.lineno}: {ast.unparse(one)}" for one in found if _is_text(one)]


def _told(call: ast.Call) -> list[ast.expr]:
    """What a call tells people: messages of the admin, what is wrong with a form, what is not found."""
    name = ast.unparse(call.func)
    if name.startswith("messages.") and len(call.args) > 1:
        return [call.args[1]]
    if name.endswith(".message_user"):
        return [call.args[1]]
    if name.rpartition(".")[2] in ("ValidationError", "Http404") and call.args:
        first = call.args[0]
        return list(first.values) if isinstance(first, ast.Dict) else [first]
    return []


def _of_class(node: ast.ClassDef) -> list[ast.expr]:
    """Names of a class that people read, and labels of choices."""
    found = []
    bases = " ".join(map(ast.unparse, node.bases))
    shown = SHOWN | {"title"} if "Config" not in bases else {"verbose_name"}
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            if line.targets[0].id in shown:
                found.append(line.value)
            elif "Choices" in bases:
                found.append(line.value.elts[-1] if isinstance(line.value, ast.Tuple) else line.value)
    return found


def _of_function(node: ast.FunctionDef) -> list[ast.expr]:
    """What a column of a list shows, and the names of a filter's choices."""
    returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
    if any("display(" in ast.unparse(decorator) for decorator in node.decorator_list):
        return returned
    if node.name == "lookups":
        pairs = [one for value in returned for one in ast.walk(value) if isinstance(one, ast.Tuple)]
        return [pair.elts[-1] for pair in pairs]
    return []


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) or _is_text(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.Constant) and _has_words(str(part.value)) for part in node.values)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and _has_words(node.value)


def _has_words(text: str) -> bool:
    return bool(set(WORD.findall(text)) - NAMES)


def untranslated_in_script(path: Path) -> list[str]:
    """Words that a script writes itself, instead of taking them from the page."""
    code = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    writes = re.compile(
        r"""(?:(?:textContent|innerText|title|alt|placeholder|ariaLabel)\s*=|aria-label["'],|replaceChildren\()"""
        r"""\s*(?:["'`])([^"'`]*[^\W\d_]{2,}[^"'`]*)["'`]"""
    )
    return [text for text in writes.findall(code) if WORD.search(re.sub(r"\$\{.*?\}", "", text))]
