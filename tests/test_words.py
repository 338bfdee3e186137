"""Every word that people read is translated: nothing stands outside of gettext, everything has its German, and nothing else is kept."""

import gettext
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from .words import (
    ROOT,
    Entry,
    Message,
    entries,
    of_python,
    of_template,
    placeholders,
    python_files,
    templates,
    untranslated_in_python,
    untranslated_in_script,
    untranslated_in_template,
)

FOLDERS = {"search": ("search",), "shop": ("shop", "templates")}
APPS = {"search": "fashion_search", "shop": "shop"}
# Developers and operators read these in English: see docs/wording.md.
ENGLISH = ("api", "management", "hosting", "checks.py", "artifacts", "local")


def po(app: str) -> Path:
    return ROOT / app / "locale" / "de" / "LC_MESSAGES" / "django.po"


def names_of(app: str) -> Iterator[Message]:
    """Names of models and fields that Django derives from the code."""
    try:
        models = list(apps.get_app_config(APPS[app]).get_models())
    except LookupError:  # the tests' own shop stands in its place
        return
    for model in models:
        for name in (model._meta.verbose_name, model._meta.verbose_name_plural):
            yield Message(_original(name))
        for field in model._meta.local_fields:
            yield Message(_original(field.verbose_name))


def _original(name: object) -> str:
    from django.utils.translation import override

    with override(None):
        return str(name)


def said_in(app: str) -> dict[Message, str]:
    """What is translated, with the file where it stands."""
    found: dict[Message, str] = {}
    for folder in FOLDERS[app]:
        for path in python_files(folder):
            found |= dict.fromkeys(of_python(path), path.name)
    for path in templates(*FOLDERS[app]):
        found |= dict.fromkeys(of_template(path), path.name)
    return found


def german(app: str) -> dict[tuple[str, str], Entry]:
    return {(entry.message.context, entry.message.text): entry for entry in entries(po(app))}


@pytest.mark.parametrize("app", FOLDERS)
def test_every_text_has_its_german(app):
    known = set(german("search")) | set(german(app))
    missing = {
        f"{message.text!r} in {file}"
        for message, file in said_in(app).items()
        if (message.context, message.text) not in known
    }
    missing |= {
        f"{message.text!r}, a name of a model" for message in names_of(app) if ("", message.text) not in known
    }
    assert not missing, "\n".join(sorted(missing))


@pytest.mark.parametrize("app", FOLDERS)
def test_no_german_is_kept_for_a_text_that_is_gone(app):
    said = {(message.context, message.text) for message in said_in(app)}
    said |= {("", message.text) for message in names_of(app)}
    dead = set(german(app)) - said
    assert not dead, "\n".join(sorted(text for _, text in dead))


@pytest.mark.parametrize("app", FOLDERS)
def test_the_german_is_whole(app):
    wrong = []
    for entry in german(app).values():
        message = entry.message
        wanted = placeholders(message.text) | placeholders(message.plural)
        if entry.fuzzy or not all(text.strip() for text in entry.said):
            wrong.append(f"{message.text!r} is not translated")
        elif len(entry.said) != 1 + bool(message.plural):
            wrong.append(f"{message.text!r} lacks a form")
        elif placeholders(entry.said[-1]) != wanted or not placeholders(entry.said[0]) <= wanted:
            wrong.append(f"{message.text!r} has other placeholders than {entry.said[-1]!r}")
        elif _edges(entry.said[0]) != _edges(message.text):
            wrong.append(f"{message.text!r} begins or ends with other blanks")
    assert not wrong, "\n".join(sorted(wrong))


def _edges(text: str) -> tuple[bool, bool]:
    return text[:1].isspace(), text[-1:].isspace()


@pytest.mark.parametrize("app", FOLDERS)
def test_what_is_compiled_is_what_is_written(app):
    with po(app).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog
    written: dict[object, str] = {}
    for entry in german(app).values():
        key = (
            f"{entry.message.context}\x04{entry.message.text}"
            if entry.message.context
            else entry.message.text
        )
        if entry.message.plural:
            written |= {(key, form): text for form, text in enumerate(entry.said)}
        else:
            written[key] = entry.said[0]
    assert {key: text for key, text in compiled.items() if key} == written, "run manage.py compilemessages"


@pytest.mark.parametrize(
    "path",
    templates("search/templates", "search/contrib", "templates"),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_templates_say_nothing_outside_of_translation(path):
    assert untranslated_in_template(path) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_code_says_nothing_to_people_outside_of_translation(folder):
    files = [path for path in python_files(folder) if not set(path.parts) & set(ENGLISH)]
    found = {path.relative_to(ROOT).as_posix(): untranslated_in_python(path) for path in files}
    assert {path: texts for path, texts in found.items() if texts} == {}


@pytest.mark.parametrize("folder", ["search/static", "shop/static"])
def test_scripts_take_their_words_from_the_page(folder):
    found = {path.name: untranslated_in_script(path) for path in sorted((ROOT / folder).rglob("*.js"))}
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_texts_are_found_at_all():
    said = said_in("search")
    assert len(said) > 1000
    for message in (
        Message("%(matching)s match", "%(matching)s matches"),
        Message("Up to", context="a price"),
        Message("Rule %(rule)s hides %(subject)s."),
        Message("Nothing has been built yet."),
    ):
        assert message in said


def test_what_stands_outside_is_found(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}<p title="Said {{ how }}">Plain <b>{% translate "Fine" %}</b></p><input type="submit" value="Go on">'
        '{% include "x.html" with label="Loose" %}{{ name|default:"Nobody" }}<script>const Code = 1;</script>'
        "{% blocktranslate %}Fine, too{% endblocktranslate %}<img alt='{% translate \"Fine\" %}'>"
    )
    assert untranslated_in_template(page) == ["Said", "Plain", "Go on", "Loose", "Nobody"]
    code = tmp_path / "code.py"
    code.write_text(
        'class Kind(models.TextChoices):\n    ONE = "one", _("one")\n    TWO = "two"\n'
        'field(help_text="Why not.", verbose_name=_("fine"))\nmessages.info(request, f"Done {x}.")\n'
        'raise ValidationError({"name": "Wrong."})\nraise ValidationError(_("Right."))\n'
    )
    assert len(untranslated_in_python(code)) == 4
    script = tmp_path / "page.js"
    script.write_text(
        'box.textContent = "Words";\nbox.textContent = box.dataset.words;\nbox.className = "small";\n'
    )
    assert untranslated_in_script(script) == ["Words"]
