"""Where each meaning in a query comes from: a value of the catalogue, a line of a list that ships, the admin's synonyms, a chart of sizes.

Nothing of a search needs it: it looks again at what the lexicon and the lists say, for those who ask why a query was read as it was.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ..facets import BRAND, GENDER, SIGN, SIZE, facet_of, value_of
from ..text import keys, split
from .lexicon import ALIAS, Lexicon
from .negated import Negated
from .opposites import FILE as OPPOSITES
from .opposites import load_opposites
from .size_charts import FILE as CHARTS
from .synonyms import FILE as SYNONYMS
from .synonyms import load_synonyms
from .word_lists import EMOJI, FOLDER, load_emoji, load_languages
from .words import Unit

CALLED, IN_NAME = "called so in the catalogue", "a word of its name in the catalogue"
OF_TEXTS, QUOTED = "a word of products' texts", "a phrase in quotation marks, as it stands in products' texts"
IN_STOCK = "a size in stock"
OF_BRAND = "a short form of the brand's name, or a word that only its products have"
ADMIN = "a synonym of the admin"
SPELLINGS = "the spellings of a measure or a pack (search/query/measures.py)"
CHILD = "a child's age or size (search/query/children.py)"
SALE = "what the catalogue calls so that is on sale (search/query/prices.py)"
SLIP = "a likelier spelling by the catalogue's words"
HYPHENED = "as texts have it, with a hyphen"


def origins_of(unit: Unit, lexicon: Lexicon, quoted: Collection[str] = ()) -> Mapping[str, str]:
    """Return where each value or phrase of a unit comes from: "colour=Navy Blue" -> a sentence, in the order of their fits.

    Args:
        unit: as it was read.
        lexicon: that it was read with.
        quoted: phrases of the query that stood in quotation marks.
    """
    if unit.opposite:
        said = _opposites_line(unit)
        return dict.fromkeys((*unit.values, *unit.phrases), said)
    runs = list(_runs(unit, lexicon))
    found = {
        token: _origin_of(token, unit, runs, lexicon)
        for token in sorted(unit.values, key=lambda token: -unit.values[token])
    }
    if not unit.values:
        for phrase in unit.phrases:
            found[phrase] = _origin_of_phrase(phrase, unit, runs, lexicon, quoted)
    return found | dict.fromkeys(unit.near, SLIP)


def origin_of_negation(one: Negated, lexicon: Lexicon) -> str:
    """Return where the meaning of what is negated comes from."""
    run = _words(one.word)
    if not one.values:
        return OF_TEXTS
    unit = Unit(one.word, dict.fromkeys(one.values, 1.0), (" ".join(run),))
    return _origin_of(one.values[0], unit, [run], lexicon)


def listed_words(text: str, code: str, lexicon: Lexicon) -> Iterator[tuple[str, str, str]]:
    """Find the words and emoji of a text that a list of words has: as typed, in English ("" for what asks for nothing), and the line.

    Args:
        text: the query.
        code: of the language whose list was chosen; "" for emoji alone.
        lexicon: whose words may stand in compounds.
    """
    language = load_languages().get(code)
    words = split(text)
    typed = [word.text for word in words]
    at = 0
    while language is not None and at < len(words):
        taken, english = language.find(typed, at, lexicon) or (0, ())
        if taken:
            run = typed[at : at + taken]
            filed = language.listed(run) or language.filed(" ".join(run))
            names = frozenset(
                name for _, _, name in _names(FOLDER / f"{code}.toml") if language.filed(name) == filed
            )
            line = _line_of(FOLDER / f"{code}.toml", names)
            yield text[words[at].start : words[at + taken - 1].end], " ".join(english), line
        at += taken or 1
    if not text.isascii():
        meanings, pattern = load_emoji()
        for emoji in pattern.finditer(text):
            line = _line_of(FOLDER / f"{EMOJI}.toml", frozenset(emoji.groups()))
            yield emoji.group(), " ".join(meanings[emoji.group(1)]), line


def _runs(unit: Unit, lexicon: Lexicon) -> Iterator[list[str]]:
    """The words that a unit may have been found by: in English, as typed, and each side of "or"."""
    meant: set[str] = set()  # what synonyms put beside them
    for phrase in unit.phrases:
        if phrase not in meant and (run := _words(phrase)):
            meant.update(lexicon.phrases(run))
            yield run
    for text in (unit.text, *unit.text.lower().split(" or ")):
        if run := _words(text):
            yield run


def _origin_of(token: str, unit: Unit, runs: Sequence[Sequence[str]], lexicon: Lexicon) -> str:
    if facet_of(token) == SIZE:
        return f"a chart in {_short(CHARTS)}" if ":" in unit.says else IN_STOCK
    if ":" in unit.says:
        return CHILD
    if unit.implied and (line := _implied_line(unit, lexicon)):
        return line
    for run in runs:
        if set(keys(run, lexicon.language)) & set(keys(_words(value_of(token)), lexicon.language)):
            return CALLED
    in_name = any(lexicon.is_called(token, run) for run in runs)
    if in_name and unit.values[token] == ALIAS:
        return IN_NAME
    for run in runs:
        if line := _synonym_line(token, run, lexicon):
            return line
    if in_name and facet_of(token) != BRAND:
        return IN_NAME
    return {BRAND: OF_BRAND, GENDER: CHILD}.get(facet_of(token), SALE)


def _origin_of_phrase(
    phrase: str, unit: Unit, runs: Sequence[Sequence[str]], lexicon: Lexicon, quoted: Collection[str]
) -> str:
    if unit.alike:
        return SPELLINGS
    if phrase in quoted:
        return QUOTED
    if phrase != unit.phrases[0]:
        return _phrase_line(phrase, runs, lexicon)
    return HYPHENED if " " in phrase and " " not in unit.text and "-" not in unit.text else OF_TEXTS


def _synonym_line(token: str, run: Sequence[str], lexicon: Lexicon) -> str:
    """The line of a list by which a run of words has a value; "" where none has."""
    wanted = set(keys(run, lexicon.language))
    for table in ("means", "near", "purposes"):
        for phrase, targets in getattr(lexicon.synonyms, table).items():
            if not wanted.intersection(keys(_words(phrase), lexicon.language)):
                continue
            for target in targets:
                if target == token or (SIGN not in target and token in lexicon.senses(_words(target))):
                    return _line(table, phrase, target)
    return ""


def _phrase_line(phrase: str, runs: Sequence[Sequence[str]], lexicon: Lexicon) -> str:
    wanted = {key for run in runs for key in keys(run, lexicon.language)}
    for listed, targets in lexicon.synonyms.means.items():
        if phrase in targets and wanted.intersection(keys(_words(listed), lexicon.language)):
            return _line("means", listed, phrase)
    return OF_TEXTS


def _implied_line(unit: Unit, lexicon: Lexicon) -> str:
    for phrase, targets in lexicon.synonyms.implies.items():
        if unit.text in targets:
            return _line("implies", phrase, unit.text)
    return f"for whom a size is, by a chart in {_short(CHARTS)}"


def _line(table: str, phrase: str, target: str) -> str:
    """The line of the list that ships, or that the synonym is the admin's."""
    if target not in getattr(load_synonyms(), table).get(phrase, ()):
        return ADMIN
    return _line_of(SYNONYMS, {phrase}, table)


def _opposites_line(unit: Unit) -> str:
    """The line of what stands for the lack of what the end of a stretch names."""
    run, opposites = _words(unit.text), load_opposites()
    said = {*unit.phrases, *(value_of(token).lower() for token in unit.values)}
    typed = (opposites.of(run[at:]) for at in range(len(run)))
    # Of another language what is negated is no name of the list: then one that says all of the same.
    others = next(
        filter(None, (*typed, *(own for own in opposites.table.values() if said.issubset(own)))), None
    )
    if others is None:
        return f"says that it is not there, by {_short(OPPOSITES)}"
    return _line_of(OPPOSITES, frozenset(name for name, own in opposites.table.items() if own == others))


def _words(text: str) -> list[str]:
    return [word.text for word in split(text)]


def _line_of(file: Path, names: Collection[str], table: str = "") -> str:
    """The place of the first of some names in a file of lists: "search/synonyms.toml, line 12"."""
    for number, inside, name in _names(file):
        if name in names and table in ("", inside):
            return f"{_short(file)}, line {number}"
    return _short(file)


@lru_cache(maxsize=16)
def _names(file: Path) -> tuple[tuple[int, str, str], ...]:
    """Number of the line, table and name of each entry of a file of lists."""
    found, table = [], ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("["):
            table = line.strip("[] ")
        elif line.startswith('"') and '" = ' in line:
            found.append((number, table, line[1:].partition('" = ')[0]))
    return tuple(found)


def _short(file: Path) -> str:
    """A file below the package: "search/languages/de.toml"."""
    root = Path(__file__).parents[2]
    return file.relative_to(root).as_posix()
