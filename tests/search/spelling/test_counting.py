from search.indexing.word_lists import WordCounter


def test_words_are_counted_once_per_product_and_shown_as_they_are_spelt():
    counter = WordCounter()
    counter.add(name="Reebok Men T-Shirt 501", brand="Reebok", keywords="Tops, Men, men", values=["Tops"])
    counter.add(name="Reebok Blue T-Shirt", brand="Reebok", keywords="", values=[])

    assert counter.vocabulary().words == {
        "reebok": ("Reebok", 2),
        "men": ("men", 1),
        "tshirt": ("t-shirt", 2),
        "t": ("t", 2),
        "shirt": ("shirt", 2),
        "tops": ("tops", 1),
        "blue": ("blue", 1),
    }


def test_a_word_of_a_brand_that_stands_in_many_names_is_small():
    counter = WordCounter()
    counter.add(name="Red Tape Shoe", brand="Red Tape", keywords="", values=[])
    counter.add(name="Red Hat", brand="", keywords="", values=[])

    words = counter.vocabulary().words
    assert (words["red"], words["tape"]) == (("red", 2), ("Tape", 1))


def test_pairs_stand_in_two_products_at_least():
    counter = WordCounter()
    counter.add(name="Blue polo t-shirt", brand="", keywords="Slim fit, Cotton", values=[])
    counter.add(name="Red polo T-Shirt", brand="", keywords="", values=[])

    assert counter.vocabulary().pairs == {"polo t", "t shirt"}


def test_a_facet_value_of_two_words_is_a_word_joined_too():
    counter = WordCounter()
    for _ in range(2):
        counter.add(name="Fila Velvet", brand="", keywords="", values=["Flip Flops", "T Shirt"])
    counter.add(name="Fila flip-flops", brand="", keywords="", values=[])

    words = counter.vocabulary().words
    assert words["flipflops"] == ("flip flops", 2)
    assert "tshirt" not in words  # t is no half of a word


def test_a_hyphen_counts_once_per_product():
    counter = WordCounter()
    counter.add(name="Flip-flops", brand="", keywords="rubber flip-flops", values=["Flip Flops"])

    assert counter.vocabulary().words["flipflops"] == ("flip flops", 1)


def test_a_word_that_products_bear_as_it_is_stays_one_word():
    counter = WordCounter()
    counter.add(name="Redtape shoes", brand="", keywords="", values=["Red Tape"])

    assert counter.vocabulary().words["redtape"] == ("redtape", 1)
