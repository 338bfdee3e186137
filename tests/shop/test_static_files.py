"""Releases share the folder of static files, and each finds its own."""

from pathlib import Path

import pytest

from shop.static_files import ReleaseStaticFilesStorage


@pytest.fixture
def collect(tmp_path):
    """Puts one file of a release into the folder, as collectstatic does; returns its address."""

    def act(release: str, content: str) -> str:
        (tmp_path / "page.css").write_text(content)
        storage = opened(release)
        list(storage.post_process({"page.css": (storage, "page.css")}))
        return storage.url("page.css", force=True)

    def opened(release: str) -> ReleaseStaticFilesStorage:
        return ReleaseStaticFilesStorage(location=tmp_path, base_url="/static/", release=release)

    act.opened = opened
    return act


def test_a_former_release_that_starts_again_finds_its_own_files(collect, tmp_path):
    first = collect("1", "body { color: red }")
    second = collect("2", "body { color: blue }")

    assert first != second
    assert collect.opened("1").url("page.css", force=True) == first
    assert collect.opened("2").url("page.css", force=True) == second
    for address in (first, second):
        assert (tmp_path / Path(address).name).exists()


def test_the_shop_s_release_is_named_after_its_folder():
    from shop import settings

    chosen = settings.STORAGES["staticfiles"]
    assert chosen["BACKEND"] == "shop.static_files.ReleaseStaticFilesStorage"
    assert chosen["OPTIONS"] == {"release": Path(__file__).resolve().parents[2].name}
