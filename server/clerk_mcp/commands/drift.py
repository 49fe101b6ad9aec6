"""`clerk-mcp drift`: does the catalogue still say what Clerk's OpenAPI document says?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import click

_MOST_BYTES: Final = 16 * 2**20
_MOST_LEVELS: Final = 200


class UnreadableError(Exception):
    """The file holds no document; the message is one line that says why."""


def run_drift(path: str) -> int:
    """Compare the catalogue with the OpenAPI document in a file, YAML or JSON, and print what differs.

    Returns the exit code: 0 where nothing differs, 1 where anything does, 2 where the file cannot be read
    or is not an OpenAPI 3 document.
    """
    # Reading the document and every declaration costs more than a server that never does so should pay.
    from clerk_tools.contract.facts import FactsError, diff, facts_of_catalog, held_against
    from clerk_tools.contract.openapi import facts_of_document

    try:
        document = facts_of_document(read(path))
    except (UnreadableError, FactsError) as error:
        click.echo(_printable(f"clerk-mcp drift: {path}: {error}"), err=True)
        return 2
    found = diff(facts_of_catalog(held_against(document.version)), document)
    for difference in found:
        click.echo(_printable(str(difference)))
    count = len(document.operations)
    if found:
        click.echo(f"{len(found)} {'difference' if len(found) == 1 else 'differences'}")
    else:
        click.echo(f"no difference in {count} {'operation' if count == 1 else 'operations'}")
    return 1 if found else 0


def _printable(line: str) -> str:
    # Names come from the document: none of them may end the line early or steer the terminal.
    return "".join(character if character.isprintable() else "?" for character in line)


def read(path: str) -> object:
    """The value in a YAML or JSON file of at most 16 MiB and 200 levels.

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
