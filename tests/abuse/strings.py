"""Texts that break programs, of our own making, each with what it is for."""

import unicodedata

from hypothesis import settings

PROBE = "xss-probe"  # an element and an attribute that no page of ours has
ATTRIBUTE = "onprobe"
EVALUATED = "158381580"  # what TEMPLATE is where somebody renders it
TEMPLATE = '{{ 79190790|add:"79190790" }}'

NAUGHTY = {
    "nothing": "",
    "a blank": " ",
    "NUL": "red\x00shirt",
    "NUL alone": "\x00",
    "half a surrogate pair": "red \ud83d shirt",
    "the other half": "\udc00",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x80\x85\x9f",
    "line ends": "red\r\nSet-Cookie: a=b\r\n\r\nshirt",
    "line separators": "red\u2028shirt\u2029",
    "right to left": "\u202eshirt\u202c red \u2066x\u2069",
    "zero width": "s\u200bh\u200ci\u200dr\u2060t\ufeff",
    "only zero width": "\u200b\u2060\ufeff",
    "combining marks": "s" + "\u0301\u0327\u0334" * 60,
    "no character": "\ufffe\uffff\U0010ffff\ufdd0",
    "private use": "\ue000\U000f0000",
    "emoji": "👗👠 👩‍👩‍👧‍👦 🏳️‍🌈 🇮🇳 ❤️",
    "other writing": "लाल कमीज قميص أحمر 赤いシャツ Красная",
    "case that grows": "ß ŉ İ ı ﬃ ǰ ΐ ẞ",  # noqa: RUF001 - what else than such letters
    "digits of others": "١٢٣ ๔ ² ½ Ⅷ ௰",
    "one long word": "a" * 199,
    "a longer word": "a" * 5_000,
    "one megabyte": "a" * 1_000_000,
    "one megabyte of words": "ab " * 333_333,
    "one megabyte of minuses": '-"' * 500_000,
    "many words": "red " * 50,
    "tsquery": "!a & (b | c <-> d):*A 'x' \\ <1>",
    "tsquery broken": "((( ! & | <-> ::* '' \\",
    "LIKE": r"%_\%\\_[^a]%",
    "regex": r"(a+)+$ [a-z]{1,9999} \1 (?P<x>",
    "a quote": "'",
    "double quote": '"',
    "quotes": "\"''\"'' `´‘’“”„",  # noqa: RUF001
    "backslashes": "\\\\\\",
    "a comment": "x'; DROP TABLE shop_product; --",
    "a union": "' UNION SELECT password FROM auth_user WHERE ''='",
    "percent": "%s %d %(q)s %% %00",
    "braces": "{} {0} {q} ${7*7} #{7*7} <%= 7*7 %>",
    "template": TEMPLATE + "{% debug %}",
    "markup": f"<{PROBE}>\"'>-->]]></script></textarea></title><{PROBE} {ATTRIBUTE}=1>",
    "an attribute": f"\" {ATTRIBUTE}=\"x' {ATTRIBUTE}='y",
    "an address": "javascript:probe()",
    "JSON": '{"q": ["red"], "__proto__": null}',
    "a vector": "[" + ",".join(["0.1"] * 32) + "]",
    "NaN": "NaN",
    "infinite": "1e999",
    "a huge number": "9" * 400,
    "below zero": "-1",
    "a path": "../../../../etc/passwd",
    "a scheme": "file:///etc/passwd",
    "a dot": ".",
    "null": "null",
    "minus": "-",
    "only excluded": "-shirt -red",
    "an open phrase": '-"red shirt',
    "a facet": "colour=Red,=,==",
}

# One of each kind of harm: for pages whose search is Django's own, and for all inputs in `make test`.
SHORT = (
    "nothing", "NUL", "half a surrogate pair", "controls", "LIKE", "a quote", "double quote", "percent", "template",
    "markup", "an attribute", "one megabyte",
)  # fmt: skip

MEGABYTES = tuple(name for name in NAUGHTY if "megabyte" in name)

COMPOSED = unicodedata.normalize("NFC", "Crème Élan")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


def named(*names: str) -> dict[str, str]:
    """These of the texts; where none is named, all of them in a thorough run and one of each kind of harm in a quick one."""
    thorough = settings.get_current_profile_name() == "thorough"
    return {name: NAUGHTY[name] for name in names or (NAUGHTY if thorough else SHORT)}
