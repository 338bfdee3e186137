from search.query.names import BRAND, NameCollector, Names, typed_words, words_of


def collect():
    collector = NameCollector()
    collector.add(
        "7",
        name="Blue T-shirt",
        brand="Levi's",
        facets=[("category", "Tops"), ("brand", "Levi's"), ("colour", "Blue")],
    )
    collector.add("3", name="Red hat", brand="", facets=[("category", "Tops")])
    return collector.names()


def test_products_keep_their_order_and_values_come_commonest_first():
    names = collect()

    assert names.keys == ["7", "3"]
    assert names.products.words == ["blue", "hat", "levis", "red", "shirt", "t", "tshirt"]
    assert names.values == [("category", "Tops", 2), (BRAND, "Levi's", 1), ("colour", "Blue", 1)]
    assert names.value_words.words == ["blue", "levis", "tops"]


def test_names_come_back_as_they_were_packed():
    names = collect()
    unpacked = Names.unpack(names.pack())

    assert (unpacked.keys, unpacked.values) == (names.keys, names.values)
    assert unpacked.products.words == names.products.words
    assert unpacked.products.matching(["t"]).tolist() == [True, False]
    assert unpacked.value_words.matching(["to"]).tolist() == [True, False, False]


def test_names_of_nothing_come_back_empty():
    unpacked = Names.unpack(NameCollector().names().pack())

    assert (unpacked.keys, unpacked.products.words, unpacked.products.matching(["a"]).tolist()) == (
        [],
        [],
        [],
    )


def test_words_of_a_text_are_whole_and_in_parts():
    assert words_of("Blue T-Shirt") == ["blue", "tshirt", "t", "shirt"]
    assert typed_words("blue  Blue T-Sh") == ["blue", "tsh"]
