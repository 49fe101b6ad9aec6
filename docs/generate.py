"""Writes the parts of the documents that the catalogue knows better than any person.

    python docs/generate.py           write them
    python docs/generate.py --check   exit 1 where one is stale

`make docs` does the first, `make check` the second.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from install_links import install_links

from clerk_mcp.offering import ready_entries
from clerk_tools import catalog
from clerk_tools.catalog import RESOURCES, operations
from clerk_tools.operation import Effect, Outline

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # for the calls that the tests make of every operation

# What is declared counts here, also where the file that says so in short is older.
catalog.OUTLINES = catalog.declared_outlines()

from parts import errors, hosts, prompts, settings, tools  # noqa: E402 they need that path


def tools_by_resource() -> str:
    """README's list of tools."""
    specs = [operation.spec for operation in operations().values()]
    marks = {Effect.READ: "", Effect.WRITE: " ✎", Effect.DESTROY: " ⚠"}
    listed = sum(spec.is_core for spec in specs)
    rest = "" if listed == len(specs) else f", {listed} of them listed unless you choose otherwise"
    lines = [f"{len(specs)} tools{rest}; ✎ changes something, ⚠ cannot be taken back or cuts people off.", ""]
    for resource in RESOURCES:
        mine = [s for s in specs if s.resource == resource]
        names = ", ".join(f"`{s.id}`{marks[s.effect]}" for s in mine)
        lines.append(f"- **{resource}** ({len(mine)}): {names}")
    return "\n".join(lines)


SECTIONS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"tools": tools_by_resource},
    "docs/errors.md": {"same": errors.same_for_all, "by-operation": errors.by_operation},
    "docs/hosts.md": {
        "links": install_links,
        "hosts": hosts.table,
        "seen": hosts.seen,
        "recipes": hosts.over_http,
    },
    "docs/prompts.md": {"every": prompts.every},
    "docs/settings.md": {"every": settings.of_every_server, "http": settings.of_http},
    "docs/tools/index.md": {"contents": tools.contents, "list-all": tools.counted},
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


def documents() -> dict[str, str]:
    """Every document that is generated, in part or as a whole, by its path: as it should be."""
    parts = {
        name: with_sections((ROOT / name).read_text(encoding="utf-8"), sections)
        for name, sections in SECTIONS.items()
    }
    of_a_start = {
        "tools/clerk_tools/outlines.py": outlines(),
        "server/clerk_mcp/offering/ready.json": as_lines(ready_entries()),
    }
    return parts | tools.pages() | of_a_start


def outlines() -> str:
    """Return the module that says of each operation what a start asks."""
    lines = ["{"]
    for resource, found in catalog.OUTLINES.items():
        lines += [f'    "{resource}": {{', *(_row(id, one) for id, one in found.items()), "    },"]
    head, name, _ = (ROOT / "tools/clerk_tools/outlines.py").read_text(encoding="utf-8").partition("]] = ")
    return head + name + "\n".join([*lines, "}"]) + "\n"


def _row(id: str, outline: Outline) -> str:
    true = "".join(f", {name}=True" for name, value in outline._asdict().items() if value is True)
    return f'        "{id}": Outline(Effect.{outline.effect.name}{true}),'


def as_lines(entries: Mapping[str, object]) -> str:
    """Return a JSON object with an entry on each line."""
    lines = [f"{json.dumps(key)}: {json.dumps(one, ensure_ascii=False)}" for key, one in entries.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(check: bool) -> int:
    stale = []
    for name, new in documents().items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != new:
            stale.append(name)
            if not check:
                path.write_text(new, encoding="utf-8")
    for name in stale:
        sys.stderr.write(f"{name} is stale: run make docs\n" if check else f"{name} written\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
