from datetime import timedelta

import pytest
from django.utils import timezone

from search.exceptions import ArtifactError
from search.indexing.lexicon import build_lexicon, refresh_lexicons
from search.models import IndexVersion, VersionLexicon
from tests.search.indexed import add, make_version, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(tiny_artifact, index_settings) -> IndexVersion:
    version = make_version(tiny_artifact)
    add(version, "S-1", "Hat", text=unit(1), pictures=[unit(1)])
    build_lexicon(version)
    add(version, "S-2", "Cap", text=unit(1), pictures=[unit(1)])
    return version


def words() -> set[str]:
    return {word for word in VersionLexicon.objects.get().lexemes if word in ("cap", "hat")}


def make_due() -> None:
    VersionLexicon.objects.update(built_at=timezone.now() - timedelta(hours=1))


def test_words_are_counted_again_when_it_is_time(version):
    refresh_lexicons()
    assert words() == {"hat"}
    make_due()
    refresh_lexicons()
    assert words() == {"cap", "hat"}


def test_without_the_artifact_words_are_learnt_all_the_same_and_the_task_fails(version, settings, tmp_path):
    noise = VersionLexicon.objects.get().image_noise
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"ARTIFACT": str(tmp_path / "none")}
    IndexVersion.objects.update(artifact_path=str(tmp_path / "gone"), fingerprint="0" * 64)
    make_due()
    with pytest.raises(ArtifactError):
        refresh_lexicons()
    assert words() == {"cap", "hat"}
    assert VersionLexicon.objects.get().image_noise == noise
