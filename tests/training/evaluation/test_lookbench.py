import ir_measures
import numpy as np
import pytest
from ir_measures import Success

from search.encoders.sessions import load_artifact
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import product, write_catalogue
from training.evaluation.evaluators import ArtifactModel, Setting
from training.evaluation.lookbench import look_alikes, lookbench

VAL = {"split": "val"}


def angles(*degrees):
    """Embeddings in a plane: the nearer two angles, the more similar."""
    radians = np.deg2rad(np.array(degrees, dtype=np.float32))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def test_type_and_every_main_attribute_agree_or_are_unknown():
    gallery = [
        product("0", sleeve="Short Sleeves", neck="", **VAL),
        product("1", sleeve="Long Sleeves"),
        product("2", sleeve="", neck="Round Neck"),
        product("3", article_type="Shirts", sleeve="Short Sleeves"),
    ]
    # The nearest is of other sleeves; the next agrees in all that both state; the last is of another type.
    figures = look_alikes(gallery, angles(0, 1, 2, 3))[""]
    assert figures == {
        "queries": 1,
        "gallery": 4,
        "fine recall@1": 0.0,
        "fine recall@10": 1.0,
        "possible": 1.0,
        "coarse recall@1": 1.0,
        "coarse recall@10": 1.0,
    }


@pytest.mark.parametrize("field", ["colour", "pattern", "gender", "sleeve", "neck"])
def test_each_main_attribute_counts(field):
    same = {"sleeve": "Long Sleeves", "neck": "V-Neck"}
    gallery = [product("0", **same, **VAL), product("1", **{**same, field: "other"})]
    figures = look_alikes(gallery, angles(0, 1))[""]
    assert (figures["fine recall@1"], figures["coarse recall@1"], figures["possible"]) == (0.0, 1.0, 0.0)


def test_queries_are_counted_by_gender():
    gallery = [
        product("0", gender="Women", **VAL),
        product("1", gender="Women"),
        product("2", gender="Boys", **VAL),
        product("3", gender="", **VAL),
    ]
    figures = look_alikes(gallery, angles(0, 1, 10, 12))
    assert {name: (values["queries"], values["fine recall@1"]) for name, values in figures.items()} == {
        "": (3, 1.0),
        "Boys": (1, 1.0),  # it finds the one of unknown gender
        "Women": (1, 1.0),
    }
    further = look_alikes(gallery, angles(0, 1, 3, 12))
    assert (further["Boys"]["fine recall@1"], further["Women"]["fine recall@1"]) == (0.0, 1.0)


def test_a_picture_never_finds_itself_under_another_number():
    gallery = [
        product("0", twin="2", **VAL),
        product("1", article_type="Shirts"),
        product("2"),
        product("3", twin="2"),
    ]
    figures = look_alikes(gallery, angles(0, 5, 0, 0))[""]
    assert (figures["queries"], figures["gallery"]) == (1, 2)
    assert figures["coarse recall@10"] == 0.0


def test_a_product_without_a_type_is_like_no_other():
    figures = look_alikes(
        [product("0", article_type="", **VAL), product("1", article_type="")], angles(0, 1)
    )[""]
    assert (figures["coarse recall@1"], figures["possible"]) == (0.0, 0.0)


def test_a_gallery_without_queries_is_refused():
    with pytest.raises(ValueError, match="a product of split val and a second picture"):
        look_alikes([product("0"), product("1")], angles(0, 1))
    with pytest.raises(ValueError, match="a product of split val and a second picture"):
        look_alikes([product("0", **VAL)], angles(0))


def test_a_real_ranking_scores_as_ir_measures_says():
    random = np.random.default_rng(5)
    gallery = [
        product(
            str(number),
            article_type=str(random.choice(["Tshirts", "Shirts"])),
            colour=str(random.choice(["Red", "Blue", ""])),
            sleeve=str(random.choice(["Long Sleeves", ""])),
            split="val" if number % 3 == 0 else "train",
        )
        for number in range(60)
    ]
    pictures = random.normal(size=(60, 4)).astype(np.float32)
    asking = [each for each in gallery if each.split == "val"]
    run = {
        query.id: {
            each.id: float(pictures[int(query.id)] @ pictures[int(each.id)])
            for each in gallery
            if each.id != query.id
        }
        for query in asking
    }

    def agrees(query, each):
        known = [(query.colour, each.colour), (query.sleeve, each.sleeve)]
        return all(one == other or not one or not other for one, other in known)

    figures = look_alikes(gallery, pictures)[""]
    for name, right in (("fine", agrees), ("coarse", lambda query, each: True)):
        truth = {
            query.id: {
                each.id: 1
                for each in gallery
                if each.id != query.id and each.article_type == query.article_type and right(query, each)
            }
            for query in asking
        }
        theirs = ir_measures.calc_aggregate([Success @ 1, Success @ 10], truth, run)
        assert 0.1 < theirs[Success @ 1] < 0.9
        assert figures[f"{name} recall@1"] == pytest.approx(theirs[Success @ 1])
        assert figures[f"{name} recall@10"] == pytest.approx(theirs[Success @ 10])


@pytest.fixture
def model(tmp_path):
    write_tiny_artifact(tmp_path / "artifact")
    return ArtifactModel(load_artifact(tmp_path / "artifact"))


def test_every_gallery_is_measured_unless_one_is_named(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 64, large=range(32))
    setting = Setting(data=data, cache=tmp_path / "cache")
    figures = lookbench(model, setting)
    assert {name: (values["queries"], values["gallery"]) for name, values in figures.items()} == {
        "lookbench val": (16, 16),
        "lookbench val, Men": (16, 16),
        "lookbench large": (8, 32),
        "lookbench large, Men": (8, 32),
        "lookbench all": (16, 64),
        "lookbench all, Men": (16, 64),
    }
    # Squares of one colour differ in nothing.
    assert figures["lookbench all"]["fine recall@1"] == 1.0
    assert list(lookbench(model, Setting(data=data, cache=tmp_path / "cache", gallery="val-large"))) == [
        "lookbench val-large",
        "lookbench val-large, Men",
    ]


def test_a_catalogue_without_large_pictures_has_two_galleries(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 16)
    figures = lookbench(model, Setting(data=data, cache=tmp_path / "cache"))
    assert list(figures)[::2] == ["lookbench val", "lookbench all"]
