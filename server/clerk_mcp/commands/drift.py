"""`clerk-mcp drift`: does the catalogue still say what Clerk's OpenAPI document says?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from clerk_tools.contract.facts import Difference, Facts
    from clerk_tools.contract.on_purpose import Drift

_MOST_BYTES: Final = 16 * 2**20
_MOST_LEVELS: Final = 200


class UnreadableError(Exception):
    """The file holds no document; the message is one line that says why."""


def run_drift(path: str, since: str | None = None, *, with_reasons: bool = False) -> int:
    """Compare the catalogue with the OpenAPI document in a file, YAML or JSON, and print what differs.

    Args:
        since: an API version, or an older document's file: print only what came after it.
        with_reasons: print what differs on purpose as well.

    Returns:
        The exit code: 0 where nothing differs but on purpose, 1 where anything does, 2 where a file cannot be
        read or is not an OpenAPI 3 document.
    """
    # Reading the document and every declaration costs more than a server that never does so should pay.
    from clerk_tools.contract.facts import FactsError

    try:
        document = _facts(path)
        if since is None:
            return _print_drift(document, with_reasons=with_reasons)
        if _VERSION.fullmatch(since):
            return _print_since_version(document, since)
        path = since
        return _print_since_document(document, _facts(since), since)
    except (UnreadableError, FactsError) as error:
        click.echo(_printable(f"{path}: {error}"), err=True)
        return 2


_VERSION: Final = re.compile(r"\d{4}-\d\d-\d\d")


def _facts(path: str) -> Facts:
    from clerk_tools.contract.openapi import facts_of_document

    return facts_of_document(read(path))


def _drift(document: Facts, version: str) -> Drift:
    from clerk_tools.contract.facts import diff, facts_of_catalog, held_against
    from clerk_tools.contract.on_purpose import sorted_out

    return sorted_out(diff(facts_of_catalog(held_against(version)), document), document.version)


def _print_drift(document: Facts, *, with_reasons: bool) -> int:
    found = _drift(document, document.version)
    _print(found.wrong)
    if found.lacking:
        click.echo("Not in the catalogue:")
        _print(found.lacking)
    if found.on_purpose and with_reasons:
        click.echo("On purpose:")
        for one, reason in found.on_purpose:
            click.echo(_printable(f"{one} ({reason})"))
    count = len(document.operations)
    parts = [_counted(len(found.wrong), "difference") if found.wrong else "no difference"]
    parts += [f"{len(found.lacking)} not in the catalogue"] if found.lacking else []
    parts += [f"{len(found.on_purpose)} on purpose"] if found.on_purpose else []
    click.echo(f"{', '.join(parts)}; {_counted(count, 'operation')} in the document")
    return int(bool(found.wrong or found.lacking))


def _print_since_version(document: Facts, since: str) -> int:
    from clerk_tools.catalog import operations
    from clerk_tools.contract.facts import held_against

    lacking = _drift(document, document.version).lacking
    came = [id for id in held_against(document.version) if operations()[id].spec.version > since]
    if came:
        click.echo(f"Since {since}, and in the catalogue:")
        for id in came:
            spec = operations()[id].spec
            click.echo(f"{id} ({spec.method} {spec.path}, since {spec.version})")
    if lacking:
        click.echo("Not in the catalogue, whenever it came; --since with an older document's file tells:")
        _print(lacking)
    click.echo(f"{len(came)} in the catalogue, {len(lacking)} not")
    return int(bool(lacking))


def _print_since_document(document: Facts, older: Facts, name: str) -> int:
    # What a name may stand for is guessed from all others, and so may differ.
    def told(one: Difference) -> str:
        return str(one).partition(", which may be ")[0]

    before = {told(one) for one in _drift(older, document.version).lacking}
    lacking = [one for one in _drift(document, document.version).lacking if told(one) not in before]
    _print(lacking)
    click.echo(_printable(f"{len(lacking)} not in the catalogue that came after {older.version or name}"))
    return int(bool(lacking))


def _print(found: Iterable[Difference]) -> None:
    for difference in found:
        click.echo(_printable(str(difference)))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _printable(line: str) -> str:
    # Names come from the document: none of them may end the line early or steer the terminal.
    return "".join(character if character.isprintable() else "?" for character in line)


def read(path: str) -> object:
    """Return the value in a YAML or JSON file of at most 16 MiB and 200 levels.

    Raises:
        UnreadableError: there is none.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise UnreadableError(f"larger than {_MOST_BYTES // 2**20} MiB, which no API document should be")
        text = content.decode("utf-8-sig")
        return json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except OSError as error:
        raise UnreadableError(error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise UnreadableError("not text in UTF-8") from None
    except RecursionError:
        raise UnreadableError("nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"neither JSON nor YAML: {error}") from None


def _yaml(text: str) -> object:
    import yaml

    loader = _loader()
    try:
        # libyaml's composer recurses without a limit of its own, and would take the process with it.
        depth = 0
        for event in yaml.parse(text, loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MOST_LEVELS:
                raise RecursionError
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<":
                # Merge keys copy what they merge, so that a page of them can fill any memory.
                raise ValueError("merge keys (<<) are not supported")
        return yaml.load(text, loader)  # noqa: S506 # a safe loader it is, with less in it
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"{error.problem}{line}") from None
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


_PLAIN: Final = (
    ("null", re.compile("(~|null|)$"), ["~", "n", ""]),
    ("bool", re.compile("(true|false)$"), ["t", "f"]),
    ("int", re.compile("-?(0|[1-9][0-9]*)$"), list("-0123456789")),
    ("float", re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$"), list("-0123456789")),
)
"""Which plain words are no text: type, form, first characters."""


def _loader() -> Any:
    """Make PyYAML's safe loader read what JSON could say too: `on`, `no` and dates are text.

    Stands on `yaml_implicit_resolvers`, which PyYAML 6.0 does not document. Without it these words would be
    read as YAML 1.1 has them; a test looks for that.
    """
    import yaml

    # libyaml's, where PyYAML was built with it, reads some ten times faster.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("Loader", (base,), {"yaml_implicit_resolvers": {}})
    for kind, form, first in _PLAIN:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", form, first)
    return loader
