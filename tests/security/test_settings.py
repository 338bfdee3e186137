"""The documented production settings are safe, and no secret stands in the code."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "docs" / "settings.md").read_text()


def production() -> dict[str, str]:
    """The environment of docs/settings.md, with a key made as it says."""
    block = re.search(r"In production:\n\n```sh\n(.*?)```", SETTINGS, re.DOTALL)
    assert block is not None
    documented = dict(line.split("=", 1) for line in block[1].splitlines())
    return {"PATH": os.environ["PATH"], **documented, "SECRET_KEY": secrets.token_urlsafe(50)}


def check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check --deploy`, for which a warning is a failure."""
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_documented_settings_have_nothing_to_be_said_against():
    done = check(production())
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), (
        done.stderr
    )


def test_the_check_notices_what_is_not_safe():
    done = check(production() | {"HTTPS": "", "DJANGO_DEBUG": "1"})
    assert done.returncode == 1
    assert "security.W008" in done.stderr
    assert "security.W018" in done.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_nothing_starts_without_a_secret_from_the_environment(name):
    environment = {key: value for key, value in production().items() if key != name}
    code = "import shop.settings"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"Set the environment variable {name}" in done.stderr


def test_no_secret_has_a_default_in_the_settings():
    source = (ROOT / "shop" / "settings.py").read_text()
    assert re.findall(r"(?:SECRET|PASSWORD|TOKEN)\w* *= *[\"']", source) == []
    assert 'SECRET_KEY = _required("SECRET_KEY"' in source
