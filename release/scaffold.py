"""Begin operations from an OpenAPI document of Clerk's: `python -m release.scaffold DOCUMENT TAG…`.

Of each operation under these tags that the catalogue does not have yet, it writes the class into
`tools/clerk_tools/resources/`, a view for each new kind of object, and the sandbox's records and handlers
into `sandbox/clerk_sandbox/resources/`. What follows from the document is written as it is to stay;
what a person has to say stands there as `WRITE:`, which a test refuses. No sentence is copied.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from clerk_mcp.commands.drift import read
from clerk_tools import ids as known_ids
from clerk_tools.catalog import RESOURCES, operations
from clerk_tools.contract.facts import ArgumentFacts, Facts, OperationFacts, Shape, call_of, facts_of_catalog
from clerk_tools.contract.openapi import facts_of_document
from clerk_tools.views import kinds

ROOT: Final = Path(__file__).parents[1]
TOOLS: Final = ROOT / "tools/clerk_tools/resources"
SANDBOX: Final = ROOT / "sandbox/clerk_sandbox/resources"
_WIDTH: Final = 100
_CREDENTIALS: Final = ("secret", "token", "api_key", "password", "code", "signing_key", "ticket", "jwt")
_NOT_SHOWN: Final = (
    "object",
    "updated_at",
    "private_metadata",
    "image_url",
    "logo_url",
    "has_image",
    *_CREDENTIALS,
)
_PAGED: Final = {"limit": (1, 500, 10), "offset": (0, None, 0)}


@dataclass(frozen=True)
class Found:
    """One operation to begin."""

    facts: OperationFacts
    version: str
    note: Mapping[str, str] = field(default_factory=dict)
    """What a table of notes says of it: `effect`, `since`, `secret`."""
    creates: bool = False
    """It makes one more of what its path names."""

    @property
    def class_name(self) -> str:
        """The operationId as a class's name: `rotateDirectoryAPIKey` is `RotateDirectoryApiKey`."""
        name = self.facts.id[:1].upper() + self.facts.id[1:]
        return re.sub(r"(?<!O)([A-Z])([A-Z0-9]+)(?=[A-Z][a-z]|$)", lambda m: m[1] + m[2].lower(), name)

    @property
    def path(self) -> str:
        """With our names of the path arguments."""
        return re.sub(r"{([^}]*)}", lambda one: f"{{{snake(one[1])}}}", self.facts.path)

    @property
    def kind(self) -> str:
        """The kind of object answered."""
        success = next((one for status, one in self.facts.responses.items() if status[:1] == "2"), None)
        if success and success.ref == "DeletedObject":
            return "deleted"
        return self.facts.returns.kind or singular(collection_of(self.path))

    @property
    def called(self) -> str:
        """What its path names, in words."""
        return singular(collection_of(self.path.rpartition("/{")[0])).replace("_", " ")

    @property
    def ends_in_id(self) -> bool:
        return self.path.endswith("}")


# ── Names ──


def snake(name: str) -> str:
    """`apiKeyID` as `api_key_id`, `API Keys` as `api_keys`."""
    parts = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", name.replace("OAuth", "Oauth"))
    return re.sub(r"\W+", "_", parts).lower()


def camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name.removesuffix("s")


def collection_of(path: str) -> str:
    return next(part for part in reversed(path.split("/")) if not part.startswith("{"))


# ── What there is to begin ──


def find(
    documents: Iterable[object], tags: Iterable[str], notes: Mapping[str, Mapping[str, str]]
) -> list[Found]:
    """The operations of the newest document under these tags that the catalogue lacks.

    Args:
        documents: the newest first; the version of an operation is that of the oldest that has it.
        notes: by operation.

    Raises:
        SystemExit: a tag that no operation has.
    """
    read_documents = [(document, facts_of_document(document)) for document in documents]
    newest, facts = read_documents[0]
    by_tag: dict[str, list[str]] = {}
    for id, found in _tags(newest):
        for tag in found:
            by_tag.setdefault(tag, []).append(id)
    unknown = [tag for tag in tags if tag not in by_tag]
    if unknown:
        sys.exit(f"no operation has the tag {unknown[0]!r}; there are: {', '.join(sorted(by_tag))}")
    wanted = dict.fromkeys(id for tag in tags for id in by_tag[tag])
    have = {call_of(one) for one in facts_of_catalog(operations()).operations.values()}
    new = [one for id in wanted if call_of(one := facts.operations[id]) not in have]
    paths = [one.path for one in facts.operations.values()]
    return [
        Found(
            one,
            notes.get(one.id, {}).get("since") or _version(one, [older for _, older in read_documents]),
            notes.get(one.id, {}),
            one.method == "POST" and not one.array_body and _is_collection(one.path, paths),
        )
        for one in new
    ]


def _is_collection(path: str, paths: list[str]) -> bool:
    """Whether a POST to the path makes one more, rather than does something to what is there."""
    return path.count("/") == 1 or any(other.startswith(f"{path}/{{") for other in paths)


def _tags(document: Any) -> Iterator[tuple[str, list[str]]]:
    for item in document["paths"].values():
        for node in item.values():
            if isinstance(node, dict) and "operationId" in node:
                yield node["operationId"], node.get("tags", [])


def _version(operation: OperationFacts, documents: list[Facts]) -> str:
    return min(
        facts.version
        for facts in documents
        if any(call_of(one) == call_of(operation) for one in facts.operations.values())
    )


def read_notes(path: Path) -> dict[str, dict[str, str]]:
    """Read the rows of a file's Markdown tables with the columns `operation`, `effect`, `since`, `secret`."""
    notes: dict[str, dict[str, str]] = {}
    columns: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if cells[0] == "operation":
            columns = cells
        elif columns and (name := re.match(r"`(\w+)`", cells[0])):
            row = dict(zip(columns, cells, strict=False))
            notes[name[1]] = {
                column: row.get(column, "").strip("– ") for column in ("effect", "since", "secret")
            }
    return notes


# ── A declaration ──


def _hit(found: Found, effect: str) -> str:
    """What tells somebody who is asked what a destroying call would hit."""
    if (effect or ("destroy" if found.facts.method == "DELETE" else "")) != "destroy":
        return ""
    return (
        "\n    async def hit(self, look: Look) -> Hit:\n"
        "        # WRITE: read what names it, and say what goes with it; another module's `hit` shows how\n"
        f'        return Hit.of(thing("{found.called}", "WRITE: its name"))\n'
    )


def declaration(found: Found, known: dict[str, Shape]) -> str:
    """The class of one operation. `known` are the names of types that the module has already."""
    nested: list[str] = []
    facts = found.facts
    paged = {a.name for a in facts.arguments if _is_paging(a)} == set(_PAGED)
    lines = [
        _argument(argument, found, nested, known)
        for argument in sorted(facts.arguments, key=lambda one: (one.place != "path", not one.required))
        if not (paged and argument.name in _PAGED)
    ]
    keywords = [f'id="{facts.id}"', f'version="{found.version}"', f'{facts.method.lower()}="{found.path}"']
    keywords += _answer(found)
    effect = found.note.get("effect", "")
    if effect:
        by_verb = {"GET": "read", "DELETE": "destroy"}.get(facts.method, "write")
        keywords += [f'effect="{effect}"'] if effect != by_verb else []
    elif facts.method in ("POST", "PUT", "PATCH"):
        keywords.append("# WRITE: effect, where it does not write")
    if facts.array_body:
        keywords.append("array_body=True")
    if facts.deprecated:
        keywords.append("deprecated=True")
    if secret := found.note.get("secret"):
        keywords.append(f'secret=("WRITE: {secret}",)')
    if private := [a.name for a in facts.arguments if a.place == "body" and a.name in _CREDENTIALS]:
        keywords.append(f"private=({', '.join(f'{chr(34)}{name}{chr(34)}' for name in private)},)")
    keywords += ['words="WRITE: what people call it"', f"example={_example(found)}"]
    head = "\n".join(f"    {one}{'' if one.startswith('#') else ','}" for one in keywords)
    base = "Paged" if paged else "Operation"
    body = "".join(f"\n    {line}" for line in lines)
    return "\n\n".join(
        [
            *nested,
            f"class {found.class_name}(\n    {base},\n{head}\n):\n"
            f'    """WRITE: what it does and costs, which sibling to use instead."""\n{body}\n'
            + _hit(found, effect),
        ]
    )


def _example(found: Found) -> str:
    arguments = []
    for argument in found.facts.arguments:
        if argument.place == "path":
            name = snake(argument.name)
            arguments.append(f'"{name}": Demo("{_in_the_demo(id_type(name, found))}")')
        elif argument.required:
            arguments.append(f'"{argument.name}": "WRITE: what fits the demo"')
    return f"Example({{{', '.join(arguments)}}})" if arguments else "Example()"


def _in_the_demo(id_type: str) -> str:
    """What an example calls a value for a path argument."""
    kind = snake(id_type.removesuffix("Id")).replace("_", " ")
    known = {"user": "nadia", "organization": "Fernhill"}
    return known.get(kind) or f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def _is_paging(argument: ArgumentFacts) -> bool:
    shape = argument.shape
    return argument.name in _PAGED and _PAGED[argument.name] == (shape.minimum, shape.maximum, shape.default)


def _answer(found: Found) -> list[str]:
    match found.facts.returns.envelope:
        case "array":
            return [f'lists="{found.kind}"']
        case "page":
            return [f'pages="{found.kind}"']
        case "text":
            return ["text=True"]
        case "empty":
            return []
        case _:
            return [f'returns="{found.kind}"']


def _argument(argument: ArgumentFacts, found: Found, nested: list[str], known: dict[str, Shape]) -> str:
    name = snake(argument.name) if argument.place == "path" else argument.name
    place = argument.place.capitalize()
    if argument.place == "path":
        kind = _type(argument.shape, "", nested, known) if argument.shape.enum else id_type(name, found)
        return f"{name}: Path[{kind}] = arg()"
    if argument.place == "file":
        return f'{name}: File[str] = arg("WRITE: which image, as base64")'
    kind = _type(argument.shape, camel(argument.name), nested, known)
    options = _options(argument.shape, required=argument.required)
    description = f'"WRITE: or nothing"{", " if options else ""}'
    return f"{name}: {place}[{kind}] = arg({description}{', '.join(options)})"


def id_type(name: str, found: Found) -> str:
    """The type of a path argument: `UserId`, or one named for the kind that is answered where it is `id`."""
    kind = name.removesuffix("_id")
    if name == "id" or kind == name:
        kind = singular(collection_of(found.path.partition(f"/{{{name}}}")[0]))
    return camel(kind) + "Id"


def _type(shape: Shape, name: str, nested: list[str], known: dict[str, Shape]) -> str:
    if shape.enum:
        values = ", ".join(
            json.dumps(value) if isinstance(value, str) else repr(value) for value in shape.enum
        )
        return f"Literal[{values}]"
    match shape.type:
        case "array":
            inner = _type(shape.items or Shape(type="string"), singular(name), nested, known)
            return f"list[{inner}]"
        case "object" if shape.properties:
            if known.get(name, shape) != shape:
                # Another object of another operation's argument of this name.
                return _type(shape, f"{name}Changes", nested, known)
            if name not in known:
                known[name] = shape
                nested.append(_nested(name, shape, nested, known))
            return name
        case "object":
            return "JsonObject"
        case "integer":
            return "int"
        case "number":
            return "int" if isinstance(shape.minimum, int) else "float"
        case "boolean":
            return "bool"
        case "string":
            return "str"
    return "JsonObject"


def _nested(name: str, shape: Shape, nested: list[str], known: dict[str, Shape]) -> str:
    fields = []
    for inner, one in shape.properties.items():
        kind = _type(one, name + camel(inner), nested, known)
        options = _options(one, required=inner in shape.required)
        fields.append(f"    {inner}: {kind} = arg({', '.join(options)})")
    return "\n".join([f"class {name}(Nested):", '    """WRITE: what it is."""', "", *fields, ""])


def _options(shape: Shape, *, required: bool) -> list[str]:
    options = []
    if not required:
        has_default = shape.default is not None and not isinstance(shape.default, list | dict)
        options.append(f"default={shape.default!r}".replace("'", '"') if has_default else "optional=True")
    bounds = {
        "ge": shape.minimum,
        "le": shape.maximum,
        "min_length": shape.min_length or shape.min_items,
        "max_length": shape.max_length or shape.max_items,
    }
    options += [f"{bound}={value}" for bound, value in bounds.items() if value is not None]
    flags = {"nullable=True": shape.nullable, "deprecated=True": shape.deprecated}
    return options + [flag for flag, on in flags.items() if on]


# ── A view ──


def view(shape: Shape, facts: Facts, indent: str = "    ") -> str:
    """A `View` of every field that an agent may act on."""
    shape = opened(shape, facts)
    groups: dict[str, list[str]] = {name: [] for name in ("plain", "flags", "objects", "lists", "times")}
    inside: list[str] = []
    for name, one in shape.properties.items():
        inner = opened(one.items or one, facts)
        if name in _NOT_SHOWN:
            continue
        if name.endswith(("_at", "_until")) and inner.type in ("integer", "number"):
            groups["times"].append(name)
        elif inner.properties and indent == "    ":
            inside.append(f'{indent}    "{name}": {view(inner, facts, indent + "    ")},')
        elif one.items:
            groups["lists"].append(name)
        elif inner.type == "object":
            groups["objects"].append(name)
        else:
            groups["flags" if inner.type == "boolean" else "plain"].append(name)
    plain = _names(groups.pop("plain"))
    rest = [f"{indent}    {group}={_names(names)}," for group, names in groups.items() if names]
    if inside:
        rest += [f"{indent}    inside={{", *(f"    {one}" for one in inside), f"{indent}    }},"]
    return "\n".join([f"View(\n{indent}    {plain},", *rest, f"{indent})"])


def _names(names: list[str]) -> str:
    return f"({', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)}{',' if len(names) == 1 else ''})"


def opened(shape: Shape, facts: Facts) -> Shape:
    while shape.ref:
        shape = facts.shapes[shape.ref]
    return shape


def answered(found: Found, facts: Facts) -> Shape:
    """The shape of one object of the answer."""
    success = next((one for status, one in found.facts.responses.items() if status[:1] == "2"), None)
    shape = opened(success or Shape(), facts)
    if found.facts.returns.envelope == "page":
        shape = shape.properties["data"]
    return opened(shape.items or shape, facts)


# ── The sandbox ──


def sandbox(group: list[Found], facts: Facts) -> str:
    """The records of one kind, and the handlers of its operations."""
    kind = next(one.kind for one in group if one.kind != "deleted")
    made = next((one for one in group if one.kind == kind), group[0])
    shape = answered(made, facts)
    parents = [snake(name) for name in re.findall(r"{([^}]*)}", made.path)[: -1 if made.ends_in_id else None]]
    fields = {
        name: _empty(one, facts)
        for name, one in shape.properties.items()
        if name not in ("object", "id", "created_at", "updated_at")
    } | {name: '""' for name in parents if name not in shape.properties}
    variable = f"{collection_of(made.path).upper()}"
    inner = "".join(f'        "{name}": {value},\n' for name, value in fields.items())
    hidden = [name for name in fields if name in _CREDENTIALS]
    lines = [
        f"{variable} = Collection(",
        f'    "{kind}",',
        '    prefix="WRITE: of its ids",',
        f'    called="{kind.replace("_", " ")}",',
        f"    fields={{\n{inner}    }},",
    ]
    lines += [f"    hidden={_names(hidden)},"] if hidden else []
    if parents:
        above = ", ".join(
            f'"{one}": Parent("WRITE: table", "{one[:-3].replace("_", " ")}")' for one in parents
        )
        lines.append(f"    parents={{{above}}},")
    lines.append(")")
    lines += [line for found in group for line in _handler(variable, found, fields, kind)]
    return "\n".join(lines) + "\n"


def _empty(shape: Shape, facts: Facts) -> str:
    one = opened(shape, facts)
    if shape.nullable or one.nullable:
        return "None"
    if one.enum:
        return f'"{one.enum[0]}"' if isinstance(one.enum[0], str) else repr(one.enum[0])
    return {"boolean": "False", "integer": "0", "number": "0", "array": "[]", "object": "{}"}.get(
        one.type, '""'
    )


def _handler(variable: str, found: Found, fields: Mapping[str, str], kind: str) -> Iterator[str]:
    facts = found.facts
    verb = facts.method
    fits = found.kind in (kind, "deleted") and (
        found.ends_in_id or facts.returns.envelope in ("page", "array")
    )
    if verb == "GET" and facts.returns.envelope in ("page", "array"):
        extra = [
            a
            for a in facts.arguments
            if a.place == "query" and a.name not in _LISTING and a.name not in fields
        ]
        options = (
            [f"searched={_names([name for name, value in fields.items() if value == chr(34) * 2])}"]
            if any(a.name == "query" for a in facts.arguments)
            else []
        )
        if any(a.name == "order_by" for a in facts.arguments):
            options.append('sorted_by=("created_at",)  # WRITE: what else it may be sorted by')
        yield from _registered(
            f"{variable}.lists", facts.id, options, extra, "a filter, or why it changes nothing"
        )
    elif found.creates and found.kind == kind:
        extra = [a for a in facts.arguments if a.place == "body" and a.name not in fields]
        yield from _registered(f"{variable}.creates", facts.id, [], extra, _NO_FIELD)
    elif verb == "GET" and fits:
        yield f'{variable}.gets("{facts.id}")'
    elif verb in ("PATCH", "PUT") and fits:
        extra = [a for a in facts.arguments if a.place == "body" and a.name not in fields]
        yield from _registered(f"{variable}.updates", facts.id, [], extra, _NO_FIELD)
    elif verb == "DELETE" and fits:
        yield f'{variable}.deletes("{facts.id}")'
    elif verb == "POST" and found.kind == kind and not any(a.place == "body" for a in facts.arguments):
        yield f'{variable}.sets("{facts.id}")  # WRITE: what it changes, such as status="revoked"'
    else:
        yield from (
            "",
            "",
            f'@operation("{facts.id}")',
            f"def {snake(found.class_name)}(instance: Instance, call: Call) -> Json:",
            f'    raise NotImplementedError("WRITE: {verb} {found.path}")',
            "",
            "",
        )


_NO_FIELD: Final = "why it changes nothing, or nothing at all where a rule uses it"
_LISTING: Final = ("query", "order_by", "limit", "offset", "paginated")


def _registered(
    function: str, id: str, options: list[str], extra: list[ArgumentFacts], reason: str
) -> Iterator[str]:
    if not options and not extra:
        yield f'{function}("{id}")'
        return
    yield f"{function}("
    yield f'    "{id}",'
    for option in options:
        code, _, comment = option.partition("  # ")
        yield f"    {code},{'  # ' + comment if comment else ''}"
    if extra:
        unused = ", ".join(f'"{one.name}": "WRITE: {reason}"' for one in extra)
        yield f"    unused={{{unused}}},"
    yield ")"


# ── Whole modules ──


def tools_module(resource: str, found: list[Found], facts: Facts) -> str:
    """The text to write, or to append where the resource is there."""
    new = resource not in RESOURCES
    known: dict[str, Shape] = {}
    declarations = [declaration(one, known) for one in found]
    unseen = dict.fromkeys(one.kind for one in found if one.kind not in kinds())
    views = [f'    "{kind}": {view(answered(_of_kind(found, kind), facts), facts)},' for kind in unseen]
    ids = dict.fromkeys(
        id_type(snake(name), one) for one in found for name in re.findall(r"{([^}]*)}", one.facts.path)
    )
    there = [name for name in ids if hasattr(known_ids, name)]
    kinds_of_id = [
        f'{name} = Annotated[Id, Kind("{snake(name[:-2]).replace("_", " ")}", '
        f'found_by="{_found_by(name, found)}")]'
        for name in ids
        if name not in there
    ]
    imports = _TOOLS_IMPORTS.replace("{ids}", ", ".join(there) or "UserId")
    head = (_TOOLS_HEAD if new else _MERGE) + imports
    parts = [head, "\n".join(kinds_of_id)]
    if views:
        parts.append("VIEWS = {\n" + "\n".join(views) + "\n}")
    return "\n\n".join(part for part in parts if part) + "\n\n\n" + "\n\n".join(declarations)


def _found_by(name: str, found: list[Found]) -> str:
    kind = snake(name[:-2])
    lists = [
        one.facts.id for one in found if one.facts.returns.envelope in ("page", "array") and one.kind == kind
    ]
    return lists[0] if lists else "WRITE: the operation that lists them"


def _of_kind(found: list[Found], kind: str) -> Found:
    return next(one for one in found if one.kind == kind)


_TOOLS_IMPORTS: Final = """\
from typing import Annotated, Literal

from clerk_tools.argument import Body, File, Id, JsonObject, Kind, Nested, Path, Query, arg
from clerk_tools.hits import Hit, Look, inside, thing
from clerk_tools.ids import {ids}
from clerk_tools.operation import Operation, Paged
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View
"""
_TOOLS_HEAD: Final = '"""WRITE: what the resource is."""\n\nfrom __future__ import annotations\n\n'
_MERGE: Final = "# WRITE: merge these imports into those at the top\n"
_SANDBOX_IMPORTS: Final = """\
from clerk_sandbox import errors
from clerk_sandbox.collection import Collection, Parent
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json
"""
_SANDBOX_HEAD: Final = (
    '"""WRITE: what the resource is, and Clerk\'s rules for it."""\n\nfrom __future__ import annotations\n\n'
)
_SEED: Final = '''

def seed_demo(instance: Instance) -> None:
    """WRITE: a few records for the demo company, or delete this function."""
'''


def sandbox_module(resource: str, found: list[Found], facts: Facts) -> str:
    new = not (SANDBOX / f"{resource}.py").exists()
    groups: dict[str, list[Found]] = {}
    for one in found:
        kinds = [other.kind for other in found if other.kind != "deleted" and _same_collection(one, other)]
        groups.setdefault(kinds[0] if one.kind == "deleted" and kinds else one.kind, []).append(one)
    text = "\n".join(sandbox(group, facts) for kind, group in groups.items() if kind != "deleted")
    for one in groups.get("deleted", []):
        text += "\n".join(_handler("WRITE", one, {}, ""))
    head = (_SANDBOX_HEAD if new else _MERGE) + _SANDBOX_IMPORTS
    return f"{head}\n{text}{_SEED if new else ''}"


def _same_collection(one: Found, other: Found) -> bool:
    return one.path.split("/{")[0] == other.path.split("/{")[0]


def write(path: Path, text: str) -> None:
    there = path.read_text("utf-8") if path.exists() else ""
    path.write_text(f"{there.rstrip()}\n\n\n{text}" if there else text, "utf-8")
    click.echo(f"{'added to' if there else 'written'}: {path.relative_to(ROOT)}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m release.scaffold", description=__doc__)
    parser.add_argument("document", type=Path, help="Clerk's newest OpenAPI document")
    parser.add_argument("tags", nargs="+", help="as the document has them, such as 'API Keys'")
    parser.add_argument(
        "--older", type=Path, action="append", default=[], help="an older document; may be repeated"
    )
    parser.add_argument("--notes", type=Path, help="Markdown tables with operation, effect, since, secret")
    parser.add_argument("--into", help="the resource's module; by default the first tag's name")
    parser.add_argument("--only", nargs="*", default=[], help="only these operationIds")
    given = parser.parse_args()
    documents = [read(str(path)) for path in (given.document, *given.older)]
    found = find(documents, given.tags, read_notes(given.notes) if given.notes else {})
    found = [one for one in found if not given.only or one.facts.id in given.only]
    if not found:
        sys.exit("the catalogue has all of these operations")
    resource = given.into or snake(given.tags[0])
    facts = facts_of_document(documents[0])
    write(TOOLS / f"{resource}.py", tools_module(resource, found, facts))
    write(SANDBOX / f"{resource}.py", sandbox_module(resource, found, facts))
    for command in (["check", "--fix", "--quiet", "--exit-zero"], ["format", "--quiet"]):
        files = [str(TOOLS / f"{resource}.py"), str(SANDBOX / f"{resource}.py")]
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", "ruff", *command, *files], check=True
        )
    click.echo(f"{len(found)} operations; see ARCHITECTURE.md, Adding an operation, for the rest.")


if __name__ == "__main__":
    main()
