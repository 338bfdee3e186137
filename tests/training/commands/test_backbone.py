from training.__main__ import main


def test_a_file_that_keras_would_not_read_is_refused_at_once(tmp_path, capsys):
    assert main(["backbone", str(tmp_path), "--out", str(tmp_path / "weights.bin")]) == 2
    assert "ends in .weights.h5" in capsys.readouterr().err


def test_a_folder_without_a_run_is_named(tmp_path, capsys):
    assert main(["backbone", str(tmp_path), "--out", str(tmp_path / "a.weights.h5")]) == 2
    assert "holds no finished epoch" in capsys.readouterr().err
