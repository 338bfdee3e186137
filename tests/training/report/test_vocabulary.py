from tests.training.products import product
from training.report.vocabulary import frequent_words, spread_by_frequency, values_of


def test_words_are_counted_once_per_name():
    names = ["Red red Shirt 42"] * 4 + ["Blue Shirt XY"] * 5 + ["Été Shirt"] * 5
    assert frequent_words([product(name=name) for name in names]) == {"shirt": 14, "blue": 5, "été": 5}


def test_values_leave_out_the_empty():
    products = [product(colour="Red", pattern=""), product(colour="Blue", pattern="")]
    assert values_of(products) == {"article type": ["Tshirts"], "colour": ["Blue", "Red"], "pattern": []}


def test_words_are_spread_from_frequent_to_rare():
    words = {f"w{number}": 100 - number for number in range(64)}
    assert spread_by_frequency(words, 4) == ["w0", "w3", "w15", "w63"]
    assert spread_by_frequency({"a": 2, "b": 1}, 4) == ["a", "b"]
    assert len(set(spread_by_frequency(words, 40))) == 40
