"""The collected bad pictures of other projects' test suites, where the folder that holds the real catalogue holds them, too."""

import zipfile

import pytest

from tests.abuse.test_bad_pictures import measure, too_much


@pytest.mark.real_catalogue
def test_each_of_the_collected_ones_costs_little(fashion_data, tmp_path):
    archive = fashion_data / "bad_images" / "bad_images.zip"
    if not archive.exists():
        pytest.skip(f"needs the collected bad pictures: there is no {archive}")
    with zipfile.ZipFile(archive) as files:
        pictures = {info.filename: files.read(info) for info in files.infolist() if not info.is_dir()}
    found = measure(tmp_path, pictures)
    assert len(found) == len(pictures) >= 600
    assert too_much(found) == {}
    assert any(one["said"] for one in found.values())
    assert not all(one["said"] for one in found.values())
