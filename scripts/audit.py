"""Asks PyPI's advisories about every pinned package: `make audit`; 1 where one is known, 2 where they did not answer."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (
    sys.executable,
    "-m",
    "pip_audit",
    "--no-deps",
    "--disable-pip",
    "--progress-spinner",
    "off",
    "-f",
    "json",
)
PINS = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-load.txt",
    "requirements-peers.txt",
    "requirements-docs.txt",
)


def judge(dependencies: list[Mapping[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit status and what to say of pip-audit's answer.

    Args:
        dependencies: as pip-audit lists them; one that the service said nothing of has a `skip_reason`, and
            pip-audit itself takes that for a success.
    """
    lines = [
        f"{found['name']} {found['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'no version'}"
        for found in dependencies
        for known in found.get("vulns", ())
    ]
    unknown = [found["name"] for found in dependencies if "skip_reason" in found]
    asked = len(dependencies) - len(unknown)
    if unknown:
        lines.append(
            f"The advisory service said nothing of {len(unknown)} packages: {', '.join(unknown[:5])}, ..."
        )
    if not asked:
        lines.append("NOT AUDITED: the advisory service on the network cannot be reached from here.")
    if asked:
        lines.append(
            f"{asked} packages asked about, {sum(bool(found.get('vulns')) for found in dependencies)} with known faults."
        )
    faulty = any(found.get("vulns") for found in dependencies)
    return (1 if faulty else 2 if unknown or not asked else 0), lines


def main() -> int:
    """Run pip-audit and say what it found."""
    pins = [part for name in PINS for part in ("-r", name)]
    done = subprocess.run([*COMMAND, *pins], cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        sys.stderr.write(f"{(done.stderr.strip().splitlines() or ['pip-audit said nothing'])[-1][:300]}\n")
        dependencies = []
    status, lines = judge(dependencies)
    sys.stdout.write("\n".join(lines) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
