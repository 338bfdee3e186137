"""Product feeds in XML: RSS and Atom, whatever program wrote them, and files that are made to break readers."""

import gzip
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest

from shop.importer import ImportOptions, import_catalogue
from shop.importer.cells import RowError
from shop.importer.feeds import is_feed, open_feed
from shop.importer.google import COLUMNS
from shop.importer.product_files import ProductFileError
from shop.importer.undo import undo_import
from shop.models import Product, Variant
from tests.shop.pictures import jpeg

SHIRT = """<item>
<title>Shirt at the shop</title><link>https://shop.example/s?a=1&amp;b=2</link>
<g:id>S-RED-M</g:id><g:title>Acme Shirt</g:title><g:description><![CDATA[Soft &amp; warm.]]></g:description>
<g:image_link>https://cdn.example/pics/front%201.jpg?v=3</g:image_link>
<g:additional_image_link>https://cdn.example/back.jpg</g:additional_image_link>
<g:additional_image_link>https://cdn.example/side,left.jpg</g:additional_image_link>
<g:price>24.99 EUR</g:price><g:availability>in_stock</g:availability><g:brand>Acme</g:brand>
<g:gender>female</g:gender><g:age_group>adult</g:age_group><g:color>Red</g:color><g:size>M</g:size>
<g:item_group_id>S</g:item_group_id><g:google_product_category>212</g:google_product_category>
<g:product_detail><g:section_name>General</g:section_name><g:attribute_name>Fit</g:attribute_name>
<g:attribute_value>Slim, long</g:attribute_value></g:product_detail>
<g:product_detail><g:attribute_name>Neck</g:attribute_name><g:attribute_value>Crew: high</g:attribute_value></g:product_detail>
<g:shipping><g:country>DE</g:country><g:price>5 EUR</g:price></g:shipping>
</item>
"""
RSS = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>The shop</title>
{}</channel></rss>
"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>The shop</title>
{}</feed>
"""
PLAIN = "<item><g:id>{0}</g:id><g:title>{0}</g:title><g:product_type>Apparel</g:product_type></item>\n"


@pytest.fixture
def write(tmp_path):
    """Write a feed as it stands."""

    def write(content: str | bytes, name: str = "feed.xml") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def rows(write):
    """Rows of a feed with their lines; errors as texts."""

    def rows(content: str | bytes):
        with open_feed(write(content), COLUMNS) as table:
            return [(line, str(row) if isinstance(row, RowError) else row) for line, row in table.rows]

    return rows


@pytest.fixture
def feed(write, write_zip):
    """Import a feed, with three pictures."""
    images = write_zip({"front 1.jpg": jpeg("red"), "back.jpg": jpeg("blue"), "side,left.jpg": jpeg("green")})

    def feed(content: str | bytes, name: str = "feed.xml", **options):
        return import_catalogue(ImportOptions(products=write(content, name), images=images, **options))

    return feed


@pytest.mark.django_db
def test_items_of_one_group_and_colour_are_one_product_with_sizes(feed):
    small = (
        SHIRT.replace("RED-M", "RED-S").replace("<g:size>M", "<g:size>S").replace("in_stock", "out_of_stock")
    )
    blue = SHIRT.replace("RED-M", "BLUE-M").replace(">Red<", ">Blue<")
    result = feed(RSS.format(SHIRT + blue + small))
    assert (result.added, result.bad, result.unused) == (2, [], ("link", "shipping"))
    red = Product.objects.get(sku="S-Red")
    assert (red.name, red.description, red.brand.name, red.gender, red.colour) == (
        "Acme Shirt", "Soft & warm.", "Acme", "Women", "Red",
    )  # fmt: skip
    assert (red.price, red.currency) == (Decimal("24.99"), "EUR")
    assert red.attributes == {"Fit": "Slim, long", "Neck": "Crew: high"}
    assert red.category.names == ("Apparel & Accessories", "Clothing", "Shirts & Tops")
    assert [(size.size, size.stock > 0) for size in red.variants.all()] == [("M", True), ("S", False)]
    assert red.images.count() == 3
    assert feed(RSS.format(SHIRT + blue + small)).unchanged == 2


@pytest.mark.django_db
def test_what_is_said_and_taken_back_is_as_with_a_table(feed, tmp_path):
    record = tmp_path / "undo.jsonl"
    assert feed(RSS.format(SHIRT), dry_run=True).added == 1
    assert not Product.objects.exists()
    feed(RSS.format(SHIRT))
    dearer = RSS.format(
        "<item><g:id>x</g:id><g:item_group_id>S</g:item_group_id><g:color>Red</g:color><g:price>30 EUR</g:price><g:brand/></item>"
    )
    assert feed(dearer, keep_empty=True, undo=record).fields == {"price": 1}
    product = Product.objects.get()
    assert (product.price, product.brand.name, product.name, product.variants.count()) == (
        30,
        "Acme",
        "Acme Shirt",
        1,
    )
    assert undo_import(record).restored == 1
    assert feed(dearer).fields == {"price": 1, "brand": 1}
    (bad,) = feed(RSS.format("<item><g:id>new</g:id></item>")).bad
    assert bad.reason == "no product has the SKU new, and a new one needs title and product_type"


@pytest.mark.django_db
def test_several_sizes_in_one_item(feed):
    several = SHIRT.replace(
        "<g:size>M</g:size>", "<g:size>M</g:size><g:size>L</g:size><g:quantity>7</g:quantity>"
    )
    assert feed(RSS.format(several)).bad == []
    assert [(size.size, size.stock > 0) for size in Variant.objects.all()] == [("M", True), ("L", True)]


@pytest.mark.parametrize("name", ["feed.xml", "feed.csv", "feed", "FEED.XML.GZ"])
def test_a_feed_is_known_by_its_content(write, name):
    content = RSS.format("").encode()
    assert is_feed(write(content, name))
    assert is_feed(write(gzip.compress(content), name))
    assert is_feed(write(RSS.format("").encode("utf-16"), name))
    assert is_feed(write(b"\xef\xbb\xbf\r\n " + content, name))
    assert not is_feed(write(b"id,title\n1,<b>\n", name))
    assert not is_feed(write(b"", name))


def test_atom(rows):
    entry = """<entry><id>tag:shop.example,2026:1</id><g:id>1</g:id><title>Shirt</title><summary>Soft.</summary>
<link href="https://shop.example/1"/><g:price>5 EUR</g:price></entry>
<entry><g:id>2</g:id><content type="html">&lt;b&gt;Warm&lt;/b&gt;</content></entry>"""
    assert rows(ATOM.format(entry)) == [
        (3, {"id": "1", "title": "Shirt", "price": "5 EUR", "description": "Soft."}),
        (5, {"id": "2", "description": "<b>Warm</b>"}),
    ]


def values(found):
    return [row["title"] if isinstance(row, dict) else row for _, row in found]


@pytest.mark.parametrize(
    "begin",
    [
        '<rss xmlns:shop="https://base.google.com/ns/1.0/"><channel><item><shop:id>1</shop:id><shop:title>a</shop:title>',
        '<rss><channel><item><g:id>1</g:id><g:title>a</g:title><dc:date>x</dc:date>',
        '<rss xmlns="http://base.google.com/ns/1.0"><channel><item><id>1</id><title>a</title>',
        '<rss><channel><item><title xmlns="http://base.google.com/ns/1.0">a</title><id>1</id>',
        '<rss xmlns:m="urn:m"><channel><item><m:title>b</m:title><id>1</id><title>a</title><m:price>3</m:price>',
        '<r:RDF xmlns:r="urn:r"><channel/><item r:about="x"><g:id>1</g:id><title>b</title><g:title>a</g:title>',
    ],
)  # fmt: skip
def test_namespaces_however_they_are_declared(rows, begin):
    root = begin[1:].partition(" ")[0].partition(">")[0]
    ((_, row),) = rows(f"{begin}</item></channel></{root}>".replace("</channel></r:RDF>", "</r:RDF>"))
    assert (row["id"], row["title"], row.get("price")) == ("1", "a", None)


@pytest.mark.parametrize(
    ("declared", "encoding", "warned"),
    [
        ("utf-8", "utf-8", False),
        ("UTF-8", "utf-8-sig", False),
        ("utf-16", "utf-16", False),
        ("utf-16", "utf-16-be", False),
        ("utf-16", "utf-8", False),
        ("ISO-8859-1", "cp1252", False),
        ("ISO-8859-1", "utf-8", True),
        ("windows-1252", "cp1252", False),
        ("utf-8", "cp1252", True),
    ],
)
def test_the_encoding_is_the_one_that_is_declared(write, declared, encoding, warned):
    content = RSS.replace('"1.0"?', f'"1.0" encoding="{declared}"?').format(PLAIN.format("Größe \u2014 5 €"))
    with open_feed(write(content.encode(encoding)), COLUMNS) as table:
        assert values(table.rows) == ["Größe \u2014 5 €"]
        assert bool(table.warnings) == warned


def test_a_cyrillic_feed(write):
    content = RSS.replace('"1.0"?', '"1.0" encoding="windows-1251"?').format(PLAIN.format("Рубашка"))
    with open_feed(write(content.encode("cp1251")), COLUMNS) as table:
        assert values(table.rows) == ["Рубашка"]


BROKEN = [
    ("<item><g:id>1</g:id><g:title>Salt & Pepper</g:title></item>", 4, "not well-formed XML (line 4: not well-formed (invalid token)); an & is written &amp;"),
    ("<item>\n<g:id>1</g:id>\n<g:title>under < 5</g:title></item>", 4, "(line 6: not well-formed (invalid token)); a < is written &lt;"),
    ("<item><g:id>1</g:id><g:title>a</g:name></item>", 4, "mismatched tag"),
    ("<item><g:id>1</g:id><g:title>a</g:title>", 4, "the item is not closed before the next one begins"),
    ("<item><g:id>1</g:id><g:title><![CDATA[a</g:title></item>", 4, "<![CDATA[ opens in the item and is not closed in it"),
    ("<item><g:id>1</g:id><!-- old <g:title>a</g:title></item>", 4, "a comment opens in the item and is not closed in it"),
    ("<item><g:id>1</g:id><g:price>1 EUR</g:price><g:price>2 EUR</g:price></item>", 4, "price stands in the item twice, as '1 EUR' and '2 EUR'"),
    ("<item><g:id>1</g:id><g:title>a\x01b</g:title></item>", 4, "not well-formed"),
    ("<item><g:id>1</g:id><g:title>&#0;</g:title></item>", 4, "reference to invalid character number"),
    (b"<item><g:id>1</g:id><g:title>\xfc</g:title></item>", 4, "bytes that are no text in the file's encoding"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "line", "reason"), BROKEN)
def test_an_item_that_is_broken_takes_no_other_away(rows, item, line, reason):
    item = item if isinstance(item, bytes) else item.encode()
    before, _, after = (
        RSS.format(PLAIN.format("größer") + "@" + PLAIN.format("b") + PLAIN.format("c"))
        .encode()
        .partition(b"@")
    )
    found = rows(before + item + b"\n" + after)
    assert [row["title"] for _, row in found if isinstance(row, dict)] == ["größer", "b", "c"]
    assert [(at, reason in row) for at, row in found if isinstance(row, str)] == [(line, True)]


def test_items_in_comments_are_none(rows):
    assert values(rows(RSS.format(f"<!-- {PLAIN.format('old')} -->{PLAIN.format('a')}"))) == ["a"]
    found = rows(RSS.format(f"{PLAIN.format('a')}<!-- {PLAIN.format('b')}"))
    assert values(found) == ["a", "a comment opens in this line and is not closed; what follows was not read"]


@pytest.mark.parametrize("kept", range(1, 12))
def test_a_cut_feed_says_so_and_loses_nothing_that_was_whole(rows, kept):
    whole = RSS.format("".join(PLAIN.format(number) for number in range(40)))
    cut = whole[: len(whole) * kept // 12]
    found = rows(cut)
    assert [row["title"] for _, row in found if isinstance(row, dict)] == [
        str(number) for number in range(cut.count("</item>"))
    ]
    assert "cut off" in found[-1][1]
    assert sum(isinstance(row, str) for _, row in found) == 1


def test_a_gzip_cut_short_gives_its_good_items_and_one_error(write):
    content = RSS.format("".join(PLAIN.format(number * 7919 % 100_003) for number in range(9000)))
    with open_feed(write(gzip.compress(content.encode())[:-9000]), COLUMNS) as table:
        found = [row for _, row in table.rows]
    assert found[0]["id"] == "0"
    assert str(found[-1]).startswith("the file is damaged from here on: ")
    assert sum(isinstance(row, RowError) for row in found) == 1


def test_entities_of_html_are_those_of_tables(rows):
    item = "<item><g:title>Caf&eacute;&nbsp;&amp;&#x20;Bar &mdash; <b>bold</b></g:title></item>"
    assert values(rows(RSS.format(item))) == ["Caf&eacute;&nbsp;& Bar &mdash; bold"]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/rss.dtd">',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>',
        "<!DOCTYPE html>",
    ],
)
def test_a_doctype_is_refused(rows, doctype):
    for before in ("", "\n", '<?xml version="1.0"?>\n', '<?xml version="1.0"?><!-- x -->'):
        content = (
            f"{before}{doctype}<rss><channel><item><id>1</id><title>&b;&x;</title></item></channel></rss>"
        )
        with pytest.raises(ProductFileError, match="has a DOCTYPE"):
            rows(content)


def test_an_entity_declared_inside_is_none(rows):
    item = '<item><!ENTITY a "b"><g:id>1</g:id><g:title>&a;</g:title></item>'
    ((_, reason),) = rows(RSS.format(item))
    assert "not well-formed" in reason


def test_a_huge_item_is_left_out_and_never_held(write):
    huge = f"<item><g:id>1</g:id><g:description>{'x' * 30_000_000}</g:description></item>"
    path = write(RSS.format(PLAIN.format("a") + huge + PLAIN.format("b") + "<!--" + "y" * 9_000_000 + "-->"))
    del huge
    tracemalloc.start()
    with open_feed(path, COLUMNS) as table:
        found = list(table.rows)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert values(found)[::2] == ["a", "b"]
    assert str(found[1][1]) == "the item has more than 1000000 characters"
    assert held < 16_000_000


def test_items_in_great_depth_and_number(rows):
    deep = f"<item><g:id>1</g:id><g:title>{'<b>' * 100_000}a{'</b>' * 100_000}</g:title></item>"
    assert values(rows(RSS.format(deep)))[0] == "a"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("<html><body>Not found</body></html>", "is XML or HTML, and no product feed"),
        ("<products><product/></products>", "is XML or HTML, and no product feed"),
        ('<?xml version="1.0"?><products><product/></products>', "its first element is <products>"),
        ('<?xml version="1.0"?>', "it has no first element"),
        ('<?xml version="1.0" encoding="klingon"?><rss/>', "declares the encoding klingon, which is none"),
        ('<?xml version="1.0" encoding="rot13"?><rss/>', "declares the encoding rot13, which is none"),
    ],
)
def test_what_is_no_feed_is_said(rows, content, sentence):
    with pytest.raises(ProductFileError, match=sentence):
        rows(content)


def test_what_stands_before_a_feed_is_left_out_with_a_warning(write):
    content = "<br />\n<b>Warning</b>: x in /var/www/feed.php<br />\n" + RSS.format(PLAIN.format("a"))
    with open_feed(write(content), COLUMNS) as table:
        assert [(line, row["title"]) for line, row in table.rows] == [(5, "a")]
        assert table.warnings == ["What stands before the beginning of the feed, on line 3, was left out."]


def test_a_channel_that_is_not_well_formed_does_no_harm(rows):
    assert values(rows(RSS.format(PLAIN.format("a")).replace("The shop", "Salt & Pepper"))) == ["a"]


def test_an_empty_feed_has_no_items(rows):
    assert rows(RSS.format("")) == []
    assert rows("<rss/>") == []
    assert rows("<rss><channel><description><![CDATA[<item>]]></description></channel></rss>") == []


def test_elements_that_are_not_used_are_named_with_a_proposal(write):
    item = "<item><g:id>1</g:id><g:colour>Red</g:colour><c:label>x</c:label><pubDate>y</pubDate></item>"
    with open_feed(write(RSS.format(item * 2)), COLUMNS) as table:
        list(table.rows)
        assert table.unused == ["pubDate", "colour: did you mean color?", "c:label"]
