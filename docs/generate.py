"""Writes the parts of the documents that the catalogue knows better than any person.

    python docs/generate.py           write them
    python docs/generate.py --check   exit 1 where one is stale
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from clerk_tools.catalog import RESOURCES, operations
from clerk_tools.operation import Effect
from install_links import install_links

ROOT = Path(__file__).parent.parent


def tools_by_resource() -> str:
    """README's list of tools."""
    specs = [operation.spec for operation in operations().values()]
    marks = {Effect.READ: "", Effect.WRITE: " ✎", Effect.DESTROY: " ⚠"}
    lines = [f"{len(specs)} tools; ✎ changes something, ⚠ cannot be taken back or cuts people off.", ""]
    for resource in RESOURCES:
        mine = [s for s in specs if s.resource == resource]
        names = ", ".join(f"`{s.id}`{marks[s.effect]}" for s in mine)
        lines.append(f"- **{resource}** ({len(mine)}): {names}")
    return "\n".join(lines)


SECTIONS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"tools": tools_by_resource, "links": install_links}
}
"""By file, what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`."""


def with_sections(text: str, sections: dict[str, Callable[[], str]]) -> str:
    """The document with each of its generated sections made anew."""
    for name, make in sections.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        head, _, rest = text.partition(begin)
        _, found, tail = rest.partition(end)
        if not found:
            raise SystemExit(f"no {begin} … {end}")
        text = f"{head}{begin}\n{make()}\n{end}{tail}"
    return text


def main(check: bool) -> int:
    stale = []
    for name, sections in SECTIONS.items():
        path = ROOT / name
        old = path.read_text(encoding="utf-8")
        new = with_sections(old, sections)
        if new != old:
            stale.append(name)
            if not check:
                path.write_text(new, encoding="utf-8")
    for name in stale:
        sys.stderr.write(f"{name} is stale: run make docs\n" if check else f"{name} written\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
