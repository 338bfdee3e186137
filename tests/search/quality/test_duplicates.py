import numpy as np
import pytest
from django.db import connection

from search.models import EntryImage, IndexEntry, IndexVersion
from search.quality.duplicates import Member, Neighbour, all_pictures, find_duplicates, group, neighbours
from tests.search.indexed import add, add_many, create_indexes, make_version, unit


def random_units(count: int) -> np.ndarray:
    embeddings = np.random.default_rng(1).normal(size=(count, 32))
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def test_pairs_that_share_a_product_are_one_group():
    pairs = [
        Neighbour(1, 2, 0.9991, False),
        Neighbour(2, 3, 1.0001, False),
        Neighbour(7, 8, 0.9999, True),
        Neighbour(5, 6, 0.9993, False),
        Neighbour(8, 7, 0.9999, True),
    ]
    assert group(pairs) == [
        (Member(7, 0.9999, True), Member(8, 0.9999, True)),
        (Member(1, 0.9991, False), Member(2, 1.0, False), Member(3, 1.0, False)),
        (Member(5, 0.9993, False), Member(6, 0.9993, False)),
    ]


@pytest.mark.django_db
@pytest.mark.usefixtures("search_settings")
class TestInTheIndex:
    @pytest.fixture
    def version(self, tiny_artifact) -> IndexVersion:
        version = make_version(tiny_artifact)
        add(version, "A1", "Shirt", pictures=[unit(1), unit(1)])
        add(version, "A2", "Shirt", pictures=[unit(0, 1), unit(1, 0.01)])
        add(version, "A3", "Shirt", pictures=[unit(1, 0.2)])
        add(make_version(tiny_artifact, state="retired"), "A4", "Shirt", pictures=[unit(1)])
        return version

    def found(self, version) -> list[list[str]]:
        skus = dict(IndexEntry.objects.values_list("pk", "sku"))
        groups = find_duplicates(version, lambda share: None).groups
        return [[skus[member.entry_id] for member in members] for members in groups]

    def test_pictures_of_other_products_of_the_version_are_compared(self, version):
        create_indexes(version)
        assert self.found(version) == [["a1", "a2"]]

    def test_the_setting_says_how_alike(self, version, search_settings):
        search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
            "HEALTH_DUPLICATE_SIMILARITY": 0.98
        }
        assert self.found(version) == [["a1", "a2", "a3"]]

    def test_the_very_same_file_is_said_to_be_one(self, version):
        EntryImage.objects.filter(entry__sku__in=("a1", "a2"), version=version).update(picture_hash="f")
        duplicates = find_duplicates(version, lambda share: None)
        assert (duplicates.pictures, duplicates.compared) == (5, 5)
        (members,) = duplicates.groups
        assert [member.same_file for member in members] == [True, True]
        assert [member.similarity for member in members] == pytest.approx([1, 1], abs=1e-3)

    def test_no_more_pictures_are_compared_than_the_setting_allows(self, tiny_artifact, search_settings):
        search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"HEALTH_PICTURES": 30}
        version = make_version(tiny_artifact)
        add_many(version, random_units(80), ["colour=Red"] * 80)
        duplicates = find_duplicates(version, lambda share: None)
        assert (duplicates.pictures, duplicates.compared, duplicates.groups) == (80, 30, ())

    def test_the_hnsw_index_is_used(self, tiny_artifact):
        version = make_version(tiny_artifact)
        add_many(version, random_units(600), ["colour=Red"] * 600)
        create_indexes(version)
        statements: list[tuple[str, list]] = []

        def watch(execute, sql, params, many, context):
            statements.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(watch):
            pictures = all_pictures(version.pk)
            neighbours(version.pk, pictures[:3], dimension=32, nearest=11, similarity=-1.0, ef_search=64)
        sql, params = statements[-2]  # the last one ends the transaction
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + sql, params)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert f"Index Scan using {version.image_index}" in plan
