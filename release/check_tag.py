"""Compares a tag with the version it is to release, and with the changelog. Needs nothing but Python.

python release/check_tag.py v0.2.0           exit 1 where they differ
python release/check_tag.py v0.2.0 --notes   print what the changelog says of this version
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent


class Unready(Exception):
    """The tag must not be released; the message says what to do first."""


def notes_of(tag: str, version: str, changelog: str) -> str:
    """Return what the changelog says of a tag's version.

    Raises:
        Unready: the tag is not that of `version`, or the changelog has no dated, filled section for it.
    """
    if tag != f"v{version}":
        raise Unready(f"{tag} is not v{version}: set the version in pyproject.toml, and run make dist")
    section = re.search(rf"^## {re.escape(version)}, (.+)\n((?s:.*?))(?=^## |\Z)", changelog, re.MULTILINE)
    if section is None or not section[2].strip():
        raise Unready(f"CHANGELOG.md says nothing under “## {version}, DATE”")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", section[1].strip()):
        raise Unready(f"CHANGELOG.md has “{section[1].strip()}” where the date of {version} belongs")
    return section[2].strip()


UNRELEASED: Final = "is not on PyPI yet"
"""What README.md says of a first version until it is released."""


def main(tag: str, *, print_notes: bool) -> int:
    """Check a tag. Returns the exit status."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    try:
        notes = notes_of(tag, project["version"], (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
        if UNRELEASED in (ROOT / "README.md").read_text(encoding="utf-8"):
            raise Unready(f"README.md says that the package {UNRELEASED}: take the sentence out")
    except Unready as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    if print_notes:
        sys.stdout.write(f"{notes}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], print_notes="--notes" in sys.argv[2:]))
