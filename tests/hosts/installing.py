"""The plugin, installed from its wheel into a folder under the name that shops have it by."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "fashion_search"
UNUSED = ("resnet50", "resnet50_small")  # artifacts that take long to pack, and that no test here loads


def install_plugin(folder: Path) -> None:
    """Build a wheel from a copy of the sources without asking any index, and install it into a folder without what it needs."""
    source, out = folder.with_name("source"), folder.with_name("wheels")
    shutil.copytree(ROOT / "search", source / NAME, ignore=shutil.ignore_patterns("__pycache__", *UNUSED))
    shutil.copy(ROOT / "README.md", source)
    shutil.copy(ROOT / "LICENSE", source)
    described = (ROOT / "pyproject.toml").read_text()
    described = described.replace('include = ["search*"]', f'include = ["{NAME}*"]').replace(
        "\nsearch = [", f"\n{NAME} = ["
    )
    (source / "pyproject.toml").write_text(described)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-deps", "--no-index"]
    subprocess.run(
        [*pip, "wheel", "--no-build-isolation", *offline, "--wheel-dir", str(out), str(source)], check=True
    )
    (wheel,) = out.glob("*.whl")
    subprocess.run([*pip, "install", "--target", str(folder), *offline, str(wheel)], check=True)
