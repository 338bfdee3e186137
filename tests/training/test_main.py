import subprocess
import sys

import pytest

from training.__main__ import main


def test_help_names_the_commands_and_waits_for_no_tensorflow():
    program = "import sys\nfrom training.__main__ import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for command in ("fit", "evaluate", "export"):
        assert f"\n    {command} " in done.stdout
    assert done.stdout.endswith("False False\n")


def test_an_input_that_does_not_fit_is_said_in_one_line(tmp_path, capsys):
    missing = tmp_path / "missing.toml"
    assert main(["fit", str(missing), "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("python -m training fit: ")
    assert error.endswith(f"'{missing}'\n")


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as refused:
        main(["shine"])
    assert refused.value.code == 2
    assert "invalid choice: 'shine'" in capsys.readouterr().err
