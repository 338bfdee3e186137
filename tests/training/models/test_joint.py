import pytest

from training.models.joint import policy


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("flags : fpu avx512_bf16 avx2", "mixed_bfloat16"),
        ("flags : fpu avx2", "float32"),
        ("Features : asimd bf16", "mixed_bfloat16"),
    ],
)
def test_automatic_precision_is_what_the_processor_has_units_for(listed, expected, tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text(listed)
    assert policy("auto", features=file) == expected


def test_without_a_list_it_is_float32(tmp_path):
    assert policy("auto", features=tmp_path / "none") == "float32"


def test_what_is_named_is_taken(tmp_path):
    assert policy("mixed_float16", features=tmp_path / "none") == "mixed_float16"
