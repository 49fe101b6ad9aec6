"""Writes the parts of the documents that the catalogue knows better than any person.

    python docs/generate.py           write them
    python docs/generate.py --check   exit 1 where one is stale

`make docs` does the first, `make check` the second.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from install_links import install_links

from clerk_tools.catalog import RESOURCES, later, operations
from clerk_tools.operation import Effect

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # for the calls that the tests make of every operation

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
    return parts | tools.pages() | {"tools/clerk_tools/later.py": index_of_later()}


def index_of_later() -> str:
    """The module that says which operations are in modules that are imported when they are wanted."""
    lines = ["{"]
    for resource, ids in later().items():
        if len(ids) == 1:
            # As the formatter has it.
            lines.append(f'    "{resource}": ("{ids[0]}",),')
            continue
        lines += [f'    "{resource}": (', *[f'        "{id}",' for id in ids], "    ),"]
    head, name, _ = (ROOT / "tools/clerk_tools/later.py").read_text(encoding="utf-8").partition("] = ")
    return head + name + ("\n".join([*lines, "}"]) if len(lines) > 1 else "{}") + "\n"


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
