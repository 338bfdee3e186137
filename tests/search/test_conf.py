from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from search.conf import PACKAGED, get_settings, other_settings


def test_a_setting_that_is_not_given_has_its_default(settings):
    settings.FASHION_SEARCH = {"BATCH_SIZE": 8, "ARTIFACT": "/tmp/artifact", "WEIGHTS": {"image": 2}}
    found = get_settings()
    assert (found.batch_size, found.artifact, found.weights.image) == (8, Path("/tmp/artifact"), 2.0)
    assert (found.max_attempts, found.keep_retired, found.text_config) == (3, 1, "english")


@pytest.mark.parametrize("written", ["light", Path("light")])
def test_an_artifact_that_comes_with_the_plugin_is_named_and_others_are_folders(
    settings, tmp_path, monkeypatch, written
):
    monkeypatch.chdir(tmp_path)
    settings.FASHION_SEARCH = {"ARTIFACT": written}
    assert get_settings().artifact == PACKAGED / "light"
    settings.FASHION_SEARCH = {}
    assert get_settings().artifact == PACKAGED / "light"
    settings.FASHION_SEARCH = {"ARTIFACT": "default"}  # its name in earlier releases
    assert get_settings().artifact == PACKAGED / "resnet50_small"
    for folder in ("./", ".", "", "runs/light", "lights"):
        settings.FASHION_SEARCH = {"ARTIFACT": folder}
        assert get_settings().artifact == Path(folder)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"BATCH_SZIE": 8}, "FASHION_SEARCH has no setting 'BATCH_SZIE'; the nearest is 'BATCH_SIZE'."),
        ({"BATCH_SIZE": "8"}, "FASHION_SEARCH['BATCH_SIZE'] must be of type int, not '8'."),
        ({"BATCH_SIZE": True}, "FASHION_SEARCH['BATCH_SIZE'] must be of type int, not True."),
        ({"BATCH_SIZE": 0}, "FASHION_SEARCH['BATCH_SIZE'] must be positive, not 0."),
        ({"ARTIFACT": 3}, "FASHION_SEARCH['ARTIFACT'] must be a path, not 3."),
        ({"WEIGHTS": 3}, "FASHION_SEARCH['WEIGHTS'] must be a dictionary of weights, not 3."),
        ({"WEIGHTS": {"imgae": 1}}, "FASHION_SEARCH['WEIGHTS'] has no 'imgae'; the nearest is 'image'."),
        ({"WEIGHTS": {"image": -1}}, "FASHION_SEARCH['WEIGHTS']['image'] must be a number from 0, not -1."),
        ([], "FASHION_SEARCH must be a dictionary, not list."),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(settings, given, message):
    settings.FASHION_SEARCH = given
    with pytest.raises(ImproperlyConfigured) as caught:
        get_settings()
    assert str(caught.value) == message


def test_settings_are_built_once_and_again_when_anything_in_them_has_changed(settings):
    settings.FASHION_SEARCH = {"BATCH_SIZE": 8, "WEIGHTS": {"image": 2}, "ARTIFACT_FOLDERS": ["/a"]}
    first = get_settings()
    assert get_settings() is first
    settings.FASHION_SEARCH["BATCH_SIZE"] = 9
    settings.FASHION_SEARCH["WEIGHTS"]["image"] = 3
    settings.FASHION_SEARCH["ARTIFACT_FOLDERS"].append("/b")
    changed = get_settings()
    assert (changed.batch_size, changed.weights.image) == (9, 3.0)
    assert changed.artifact_folders == (Path("/a"), Path("/b"))
    settings.FASHION_SEARCH = {"BATCH_SIZE": True}  # equal to 1
    with pytest.raises(ImproperlyConfigured):
        get_settings()


def test_other_settings_hold_inside_their_block_and_weights_are_united(settings):
    settings.FASHION_SEARCH = {"BATCH_SIZE": 8, "WEIGHTS": {"image": 2}}
    with other_settings({"WEIGHTS": {"text": 3}}):
        with other_settings({"BATCH_SIZE": 4}):
            inner = get_settings()
            assert get_settings() is inner
        outer = get_settings()
    assert (inner.batch_size, inner.weights.image, inner.weights.text) == (4, 2.0, 3.0)
    assert (outer.batch_size, outer.weights.text) == (8, 3.0)
    assert get_settings().weights.text == 0.5
    with pytest.raises(ImproperlyConfigured), other_settings({"BATCH_SZIE": 1}):
        pass
