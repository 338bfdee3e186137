import pytest

from search.query.synonyms import FILE, Synonyms, load_synonyms


def test_the_general_list_can_be_read():
    synonyms = load_synonyms(FILE)
    assert synonyms.means["frock"] == ("dresses",)
    assert "for" in synonyms.fillers
    assert not synonyms.fillers & synonyms.means.keys() & synonyms.near.keys()


def test_more_synonyms_are_added_to_what_a_phrase_means():
    synonyms = Synonyms(means={"vest": ("waistcoat",)}).extended([("vest", ("tops",)), ("gilet", ("vests",))])
    assert synonyms.means == {"vest": ("waistcoat", "tops"), "gilet": ("vests",)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("means = 3", r"\[means\] must be a table"),
        ("[near]\nred = 'maroon'", r"\[near\] 'red' must be a list of phrases, not 'maroon'"),
        ("fillers = ['a']", "fillers must be one text of words"),
        ("kids = ['a']", "kids must be one text of words"),
        ("[purposes]\nrain = 'umbrellas'", r"\[purposes\] 'rain' must be a list of phrases"),
        ("[means", "is not TOML"),
    ],
)
def test_a_wrong_file_says_where(tmp_path, content, message):
    file = tmp_path / "synonyms.toml"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        load_synonyms(file)
