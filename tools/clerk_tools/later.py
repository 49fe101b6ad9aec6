"""The ids that modules declare of which none is listed by default. Written by docs/generate.py."""

from __future__ import annotations

from typing import Final

LATER: Final[dict[str, tuple[str, ...]]] = {}
