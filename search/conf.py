"""The plugin's settings: one frozen class with defaults, filled from `settings.FASHION_SEARCH` when used."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections

# What the folder artifacts/ is called as a wheel, which is one of its own.
MODEL_PACKAGE = "fashion_search_model"
SHIPPED = ("light", "resnet50", "resnet50_small")  # artifacts that are in it
NO_MODEL = (
    "The artifacts that ship are not installed: run `pip install fashion-search-model`,"
    ' or set FASHION_SEARCH["ARTIFACT"] to the folder of an artifact of your own.'
)


def _packaged_folder() -> Path:
    """Return the folder of the artifacts that ship: that of the repository, or that of their wheel; it may be missing."""
    own = Path(__file__).parent / "artifacts"
    found = None if own.is_dir() else find_spec(MODEL_PACKAGE)
    return Path(found.origin).parent if found and found.origin else own


PACKAGED = _packaged_folder()
DEFAULT_ARTIFACT = PACKAGED / SHIPPED[0]
FORMER_NAMES = {"default": "resnet50_small"}  # of artifacts, in the settings of hosts


# How much each thing counts when products are ranked; `manage.py tune_search` finds them on judged queries.


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """The numbers of a ranking. Importances are shares of one another; docs/relevance.md has the formula."""

    category: float = 4.0  # importance of a category or article type that the query names
    brand: float = 3.0  # of a brand
    colour: float = 2.0  # of a colour
    gender: float = 2.0  # of for whom it is
    value: float = 2.0  # of a value of any other facet
    word: float = 2.0  # of a word that one product alone holds; commoner words count less
    title: float = 1.0  # how well a product fits that has the word in its name
    keyword: float = 0.9  # in its keywords
    description: float = 0.6  # in its description
    mentioned: float = 0.6  # share of these three for a word that names a value which the product lacks
    image: float = 0.5  # of the picture's similarity to the query, beside a full match's 1
    text: float = 0.5  # of the text's similarity
    shown: float = 0.3  # of the share that its kind has of the votes for what the photo shows
    literal: float = (
        2.0  # of holding the very words that were typed, where other words are taken for them as well
    )
    cheap: float = 1.0  # of being the cheapest, where the query says "cheap"
    kids: float = 0.3  # taken off children's products, where the query does not say for whom
    covered: float = 0.5  # a unit that fits less than this is missing
    enough_covered: float = 0.5  # a product that has this share of what was asked for is among the closest

    def of_facet(self, facet: str) -> float:
        """Importance of a value of a facet."""
        return {
            "category": self.category,
            "brand": self.brand,
            "colour": self.colour,
            "gender": self.gender,
        }.get(facet, self.value)


SETTING = "FASHION_SEARCH"
STORED, LIVE = "stored", "live"
LISTS = {"READ_REPLICAS": "aliases in DATABASES", "WEEKLY_REPORT": "mail addresses"}  # of texts
NOTHING_GIVEN: Mapping[str, Any] = {}
_CURRENCY = re.compile(r"(?:[A-Z]{3})?")
_NAMESPACE = re.compile(r"[A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchSettings:
    """Every setting with its default; `BATCH_SIZE` in `FASHION_SEARCH` is `batch_size` here."""

    namespace: str = (
        ""  # part of every key in Redis and the cache; the name of the default database by default
    )
    # What a rebuild uses: "light", "resnet50", "resnet50_small", or a folder.
    artifact: Path = DEFAULT_ARTIFACT
    artifact_folders: tuple[
        Path, ...
    ] = ()  # folders in which artifacts lie side by side, where those of index versions are looked for, too
    batch_size: int = 32  # products per embedding batch
    index_parallel: int = 2  # index_stale tasks that a sweep or a rebuild starts; the worker's children
    claim_lease_seconds: int = 60  # a claim older than this belongs to a dead worker
    max_attempts: int = 3  # failures after which a product is parked
    retry_backoff_seconds: int = 30  # wait before the second attempt; doubles each time
    sweep_seconds: int = 10  # how often beat looks for lost hints
    reconcile_seconds: int = 3600  # how often beat compares content hashes
    lexicon_seconds: int = 600  # how often beat counts the words of the catalogue again
    encoder_threads: int = 1  # processor threads per encoder run
    storage_seconds: int = 10  # that a storage may take to hand out a picture
    text_config: str = (
        "english"  # Postgres text search configuration; another one takes effect with the next index version
    )
    candidates: int = 200  # candidates per semantic leg
    min_similarity: float = (
        0.4  # candidates less similar are not looked at; 99 % of true pairs lie above 0.45
    )
    weights: Weights = field(
        default_factory=Weights
    )  # how much each thing counts; a dictionary of those that differ
    currency: str = ""  # ISO 4217 code of the shop's prices; "" takes amounts in any currency for the shop's
    rates: Mapping[str, float] = field(
        default_factory=dict
    )  # ISO 4217 code of another currency -> what one unit of it is in the shop's; none are converted by default
    results: int = 2000  # results of a search at most
    other_colour_similarity: float = 0.7  # of pictures; docs/relevance.md
    variants: int = 3  # of one style on a page, as far as others can fill it; 0 for any number
    enough: int = 24  # with fewer products that have all that was asked for, the closest to it are added
    exact_below: int = (
        5000  # filters that leave fewer entries are answered by an exact scan, not by the HNSW index
    )
    max_scan_tuples: int = 20000  # hnsw.max_scan_tuples of a query
    search_timeout_ms: int = (
        2000  # of a search in Postgres, over all its statements; when it is up, as much again by keyword
    )
    encode_timeout_ms: int = 1500  # of encoding a query; when it is up, the page is served by keyword
    photo_seconds: int = 3600  # how long the token of a photo can be searched with
    guess_confidence: float = 0.7  # guesses about a photo that are less sure are not said
    search_url: str = "/search/"  # path or URL name of the host's search page, for the search box
    page_size: int = 24  # results per page
    pages_base: str = "base.html"  # template of the host that the search pages extend
    price_format: str = (
        ""  # function of the host that writes prices: "shop.prices.write"; "" for the plugin's own
    )
    cards: str = STORED  # what lists show of products: "stored" with their entries, or "live" from the host at each look
    max_page_size: int = 100  # largest page that may be asked for
    ef_search: int = 200  # hnsw.ef_search of a query
    hnsw_m: int = 16  # links per node of an HNSW index
    hnsw_ef_construction: int = 128  # candidates per node while an HNSW index is built
    build_memory_mb: int = 0  # maintenance_work_mem while HNSW indexes are built; 0 for what the server gives
    freeze_seconds: int = 900  # how long later pages show the list that the first page was cut from
    keep_retired: int = 1  # former versions kept for rolling back
    activate_max_failed: float = (
        0.05  # by how much more of its pictures or texts a new version may lack than the active one
    )
    activate_min_products: float = 0.5  # share of the active version's products that a new one must have
    activate_max_blank: float = (
        0.2  # by how much more of its products a new version may leave name, brand, price or a facet blank
    )
    activate_max_quality_loss: float = 0.05  # P@10 and nDCG@10 of the judged queries that may be lost
    activation_queries: str = ""  # file of judged queries that a new version is compared by; "" for none
    verify_max_failed: float = 0.05  # share of pictures, and of products, that may have failed
    redirect_hosts: str = (
        ""  # host names, separated by commas, that redirects and banners may lead to besides paths
    )
    insight: bool = True  # whether searches and clicks are logged
    insight_days: int = 30  # days that single searches are kept; then only their daily counts are
    insight_total_days: int = 400  # days that daily counts are kept
    insight_cookie: str = (
        ""  # cookie that distinguishes visits, as a hash; Django's session cookie by default
    )
    insight_redis_url: str = ""  # Redis that the log passes through; the Celery broker by default
    events_rate: str = "120/min"  # events that one client may send
    api_anonymous: bool = True  # whether the API may be read without a key
    api_rate: str = (
        "600/min"  # requests that one key, or one address without a key, may send; "" for any number
    )
    photo_rate: str = "30/min"  # the same for photos, which cost the most
    api_seconds: int = 60  # how long clients may keep products and categories without asking again
    drain_seconds: int = 10  # how often beat writes the log from Redis to Postgres
    roll_up_seconds: int = 300  # how often beat counts the log by days
    weekly_report: tuple[str, ...] = ()  # addresses that get a mail about each week's searches
    report_seconds: int = 900  # how often beat looks whether one is due
    base_address: str = ""  # of the shop, for links in mails: "https://shop.example"
    popular_minimum: int = 5  # visits that clicked a result of a query before it is shown to others
    popular_days: int = 3  # days on which they did
    blocked_queries: str = ""  # file of words that no query shown to others may have, besides blocked.toml
    word_list_seconds: int = (
        300  # how often beat counts the words for spelling and suggestions, if they changed
    )
    maintenance_database: str = (
        ""  # alias in DATABASES of a connection past the pooler, to build indexes; "" for the default one
    )
    read_replicas: tuple[str, ...] = ()  # aliases in DATABASES of standbys that searches may be read from
    replica_lag_seconds: float = 5.0  # how far such a standby may be behind
    metrics_token: str = ""  # that Prometheus sends to get figures; "" keeps them from everybody
    tag_confidence: float = 0.4  # tags that are less sure are not suggested
    tags_per_product: int = 8  # tags suggested for a product at most
    map_products: int = 50_000  # products on the map of the catalogue; of more, a random sample of this size
    health_pictures: int = (
        200_000  # pictures that are compared with their nearest ones; of more, a random sample of this size
    )
    health_duplicate_similarity: float = (
        0.999  # of near-duplicate pictures; with the default artifact those look the same
    )
    health_deviations: float = (
        3.5  # robust deviations below the median from which picture and text are said to disagree
    )
    health_findings: int = 1000  # products of each kind that a check of the catalogue's health keeps


@dataclass(frozen=True, slots=True)
class _Built:
    """Settings with the dictionary that they were built from."""

    given: Mapping[str, Any]
    copy: Mapping[str, Any]  # of `given` as it was then, so that a change inside it is noticed
    settings: SearchSettings


_built: _Built | None = None
_replaced: ContextVar[tuple[Mapping[str, Any], SearchSettings] | None] = ContextVar(
    "fashion_search_settings", default=None
)


@contextmanager
def other_settings(given: Mapping[str, Any]) -> Iterator[None]:
    """Have searches of this thread or task use some other settings; every other one keeps its own.

    Args:
        given: settings that differ, by the names that `FASHION_SEARCH` has; WEIGHTS are united with those that are set.

    Raises:
        ImproperlyConfigured: an unknown name or a value of the wrong type.
    """
    outer = _replaced.get()
    replaced = {**(outer[0] if outer else {}), **given}
    token = _replaced.set((replaced, _build(_united(_given(), replaced))))
    try:
        yield
    finally:
        _replaced.reset(token)


def get_settings() -> SearchSettings:
    """Return the settings as they are now; they are built and checked once, and again where `FASHION_SEARCH` has changed.

    Raises:
        ImproperlyConfigured: `FASHION_SEARCH` is not a mapping, has an unknown key or a value of the wrong type.
    """
    global _built
    if replaced := _replaced.get():
        return replaced[1]
    given = _given()
    built = _built
    if built is None or built.given is not given or built.copy != given:
        _built = built = _Built(given, deepcopy(given), _build(given))
    return built.settings


def namespace() -> str:
    """Return the name that this shop's keys have: the setting NAMESPACE, or the name of the default database."""
    given = get_settings().namespace
    if given:
        return given
    database = connections[DEFAULT_DB_ALIAS].settings_dict
    named = database.get("NAME") or database.get("OPTIONS", {}).get("service") or "default"
    return quote(str(named), safe="")


def shop_key(name: str) -> str:
    """Return the name of something of this shop in Redis, a cache or wherever other shops keep theirs, too."""
    return f"fashion_search:{namespace()}:{name}"


def _given() -> Mapping[str, Any]:
    given = getattr(settings, SETTING, NOTHING_GIVEN)
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"{SETTING} must be a dictionary, not {type(given).__name__}.")
    return given


def _united(given: Mapping[str, Any], replaced: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings with those that replace them; single weights replace single weights."""
    both = [part["WEIGHTS"] for part in (given, replaced) if "WEIGHTS" in part]
    united = {**given, **replaced}
    if both and all(isinstance(weights, Mapping) for weights in both):
        united["WEIGHTS"] = {name: value for weights in both for name, value in weights.items()}
    return united


def _build(given: Mapping[str, Any]) -> SearchSettings:
    return SearchSettings(**{key.lower(): checked(key, value) for key, value in given.items()})


_OF_NOTHING = SearchSettings()
_DEFAULTS: dict[str, Any] = {
    setting.name.upper(): getattr(_OF_NOTHING, setting.name) for setting in fields(SearchSettings)
}


def checked(key: str, value: Any) -> Any:
    """Return the value of one key of `FASHION_SEARCH` as the settings hold it.

    Raises:
        ImproperlyConfigured: an unknown key or a value of the wrong type; the sentence names both.
    """
    if key not in _DEFAULTS:
        close = get_close_matches(str(key).upper(), _DEFAULTS, n=1, cutoff=0.0)
        raise ImproperlyConfigured(f"{SETTING} has no setting {key!r}; the nearest is {close[0]!r}.")
    default = _DEFAULTS[key]
    if isinstance(default, Weights):
        return _weights(key, value)
    if key == "RATES":
        return _rates(value)
    if key == "CURRENCY" and not (isinstance(value, str) and _CURRENCY.fullmatch(value)):
        raise ImproperlyConfigured(
            f"{SETTING}['CURRENCY'] must be an ISO 4217 code such as 'EUR', not {value!r}."
        )
    if isinstance(default, Path):
        if not isinstance(value, str | Path):
            raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be a path, not {value!r}.")
        return _packaged(str(value)) or Path(value)
    if key in LISTS:
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
            raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be a list of {LISTS[key]}, not {value!r}.")
        return tuple(value)
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(one, str | Path) for one in value):
            raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be a list of paths, not {value!r}.")
        return tuple(Path(one) for one in value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise ImproperlyConfigured(
            f"{SETTING}[{key!r}] must be of type {type(default).__name__}, not {value!r}."
        )
    if key == "CARDS" and value not in (STORED, LIVE):
        raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be {STORED!r} or {LIVE!r}, not {value!r}.")
    if key == "NAMESPACE" and not _NAMESPACE.fullmatch(value):
        raise ImproperlyConfigured(
            f"{SETTING}[{key!r}] must be at most 63 letters, digits, dots, hyphens and underscores, not {value!r}."
        )
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and (
            value < 0
            or (
                value == 0
                and isinstance(value, int)
                and key not in ("KEEP_RETIRED", "VARIANTS", "BUILD_MEMORY_MB")
            )
        )
    ):
        raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be positive, not {value!r}.")
    return value


def _packaged(name: str) -> Path | None:
    """The folder of an artifact that comes with the plugin, by its bare name."""
    name = FORMER_NAMES.get(name, name)
    return PACKAGED / name if name in SHIPPED else None


def _rates(value: Any) -> Mapping[str, float]:
    if not isinstance(value, Mapping):
        raise ImproperlyConfigured(f"{SETTING}['RATES'] must be a dictionary of rates, not {value!r}.")
    for code, rate in value.items():
        if not (isinstance(code, str) and code and _CURRENCY.fullmatch(code)):
            raise ImproperlyConfigured(f"{SETTING}['RATES'] must have ISO 4217 codes, not {code!r}.")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < float("inf"):
            raise ImproperlyConfigured(
                f"{SETTING}['RATES'][{code!r}] must be a number above 0, not {rate!r}."
            )
    return {code: float(rate) for code, rate in value.items()}


def _weights(key: str, value: Any) -> Weights:
    names = [weight.name for weight in fields(Weights)]
    if not isinstance(value, Mapping):
        raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be a dictionary of weights, not {value!r}.")
    for name, weight in value.items():
        if name not in names:
            close = get_close_matches(str(name), names, n=1, cutoff=0.0)
            raise ImproperlyConfigured(f"{SETTING}[{key!r}] has no {name!r}; the nearest is {close[0]!r}.")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or weight < 0:
            raise ImproperlyConfigured(
                f"{SETTING}[{key!r}][{name!r}] must be a number from 0, not {weight!r}."
            )
    return Weights(**{name: float(weight) for name, weight in value.items()})
