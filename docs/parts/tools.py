"""A page for each resource: its tools, their arguments, and a call of each with what came back.

The calls are the examples of the declarations, on one sandbox whose clock stands still, by the path that an
agent's call takes.
"""

from __future__ import annotations

import json
import re
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any, Final

import anyio

from clerk_mcp.answering.answers import Answer
from clerk_mcp.bulk import list_all
from clerk_mcp.calling.calls import Caller
from clerk_mcp.confirming.decisions import AskInResult
from clerk_mcp.instance import Instance, Kind
from clerk_mcp.offering.options import advertised
from clerk_mcp.offering.policy import needed_scopes
from clerk_mcp.serve import calls_maker
from clerk_mcp.settings import load
from clerk_mcp.upstream.client import ClerkClient
from clerk_sandbox.examples import ISSUED_TOKEN, example_calls, filled_in
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from clerk_tools.argument import Argument
from clerk_tools.catalog import RESOURCES, operations
from clerk_tools.operation import UNDOCUMENTED, Effect, Spec

TITLES: Final = {
    "saml_connections": "SAML connections",
    "oauth_applications": "OAuth applications",
    "jwt_templates": "JWT templates",
    "email_sms_templates": "Email and SMS templates",
    "redirect_urls": "Redirect URLs",
    "allowlist_blocklist": "Allowlist and blocklist",
    "jwks": "JWKS",
}
"""Of the resources whose name in words is not its title."""

DOES: Final = {Effect.READ: "reads", Effect.WRITE: "changes something", Effect.DESTROY: "**destroys**"}

_ISSUER: Final = "Sessions_createSessionTokenFromTemplate"
_NOW_MS: Final = 1_767_225_600_000
"""The first of January 2026: the pages must not differ from day to day."""
_LONGEST: Final = 120
"""Characters of a text in an example; images and certificates are longer."""
_MOST: Final = 2
"""Records of a list in an example."""


def title(resource: str) -> str:
    return TITLES.get(resource) or resource.replace("_", " ").capitalize()


def pages() -> dict[str, str]:
    """Every page, by its path below the repository's root."""
    return {f"docs/tools/{resource}.md": _page(resource) for resource in RESOURCES}


def contents() -> str:
    """The list of the pages, for the index of the tools."""
    lines = ["| resource | reads | changes | destroys |", "|---|---|---|---|"]
    for resource in RESOURCES:
        effects = [spec.effect for spec in _specs(resource)]
        counts = " | ".join(str(effects.count(effect) or "") for effect in Effect)
        lines.append(f"| [{title(resource)}]({resource}.md) | {counts} |")
    return "\n".join([*lines, "", "```{toctree}", ":hidden:", "", *RESOURCES, "```"])


def _specs(resource: str) -> list[Spec]:
    return [o.spec for o in operations().values() if o.spec.resource == resource]


def _page(resource: str) -> str:
    specs = _specs(resource)
    head = [
        "<!-- Written by docs/generate.py: change the declarations in "
        f"tools/clerk_tools/resources/{resource}.py instead. -->",
        "",
        f"# {title(resource)}",
        "",
        f"The toolset `{resource}`. What `fields`, `offset` and `confirm` are, and how the examples were"
        " made: [Tools](index.md).",
    ]
    return "\n".join([*head, *(line for spec in specs for line in _section(spec))]) + "\n"


def _section(spec: Spec) -> list[str]:
    given, answer = examples()[spec.id]
    scopes = " and ".join(f"`{scope}`" for scope in needed_scopes(spec, spec.effect))
    does = DOES[spec.effect]
    if spec.destroys_by_arguments:
        does += ", **destroys** with some arguments"
        scopes += ", where it destroys also `clerk:destroy`"
    facts = [f"{spec.title}; {does}", f"`{spec.method} {spec.path}`", f"scope {scopes}"]
    if spec.deprecated:
        facts.append(f"deprecated by Clerk: use {spec.instead}")
    if spec.document == UNDOCUMENTED:
        facts.append("in no document of Clerk's, only in its Node SDK")
    options = [f"`{option.name}`" for option in advertised(spec)]
    return [
        "",
        f"## {spec.id}",
        "",
        f"{spec.description}",
        "",
        f"{' · '.join(facts)}",
        *_arguments(spec, options),
        "",
        "The call",
        "",
        *_json(given),
        "",
        "answers",
        "",
        *_json(answer),
    ]


def _arguments(spec: Spec, options: list[str]) -> list[str]:
    lines = []
    if spec.arguments:
        lines = ["", "| argument | | |", "|---|---|---|", *(_row(a) for a in spec.arguments)]
    if options:
        lines += ["", f"{'Also takes' if spec.arguments else 'Takes'} {' and '.join(options)}."]
    return lines


def _row(argument: Argument, inside: str = "") -> str:
    name = f"{inside}{argument.name}"
    texts = [argument.description, f"default {argument.default}" if argument.default is not None else ""]
    about = "; ".join(text.replace("|", "\\|") for text in texts if text)
    row = f"| `{name}` | {_type(argument)} | {about} |"
    nested = argument.properties or (argument.items.properties if argument.items else ())
    return "\n".join(
        [row, *(_row(inner, f"{name}[]." if argument.items else f"{name}.") for inner in nested)]
    )


def _type(argument: Argument) -> str:
    words = argument.type
    if argument.enum:
        words = " or ".join(f"`{value}`" for value in argument.enum)
    elif argument.items:
        words = f"array of {argument.items.type}s"
        if argument.items.enum:
            words += ": " + ", ".join(f"`{value}`" for value in argument.items.enum)
    if argument.minimum is not None or argument.maximum is not None:
        bounds = (("from", argument.minimum), ("to", argument.maximum))
        words += "".join(f" {word} {bound}" for word, bound in bounds if bound is not None)
    notes = [
        "required" if argument.required else "",
        "can be cleared" if argument.clearable else "",
        "deprecated" if argument.deprecated else "",
        "in no document of Clerk's, only in its Node SDK" if argument.undocumented else "",
    ]
    return ", ".join([words, *(note for note in notes if note)])


def _json(value: object) -> list[str]:
    return ["```json", json.dumps(_shortened(value), indent=2, ensure_ascii=False), "```"]


def _shortened(value: Any) -> Any:
    """A copy in which long texts and long lists of records end early, and say so."""
    if isinstance(value, str) and len(value) > _LONGEST:
        # What has no blanks is encoded, and another one on every run.
        readable = value[:_LONGEST] if " " in value else ""
        return f"{readable}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list):
        most = _MOST if value and isinstance(value[0], dict) else len(value)
        more = [f"… and {len(value) - most} more"] if len(value) > most else []
        return [*(_shortened(inner) for inner in value[:most]), *more]
    return value


@cache
def examples() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """For each operation, the arguments of a call and what came back."""
    return anyio.run(_run_all)


async def _run_all() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    with TemporaryDirectory() as secrets_dir:
        return await _run_within(secrets_dir)


async def _run_within(secrets_dir: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    sandbox = Sandbox(clock=lambda: _NOW_MS)
    make = calls_maker(load({"sandbox": True, "secrets": "inline"}), "stdio")
    hidden = calls_maker(load({"sandbox": True, "secrets": "file", "secrets_dir": secrets_dir}), "stdio")
    found = {}
    token = ""
    async with _client(sandbox) as client:
        for id, arguments in example_calls(lambda: _NOW_MS).items():
            given = filled_in(arguments, token)
            # The one credential that a later call needs.
            calls = (make if id == _ISSUER else hidden)(client, sandbox.key, Instance(Kind.SANDBOX))
            answer = await calls.run(id, given, Caller())
            if not isinstance(answer, Answer) or answer.is_error:
                raise SystemExit(f"the example of {id} failed: {answer}")
            value = answer.value
            if id == _ISSUER:
                token = value["jwt"]
                value = {**value, "jwt": "[kept back]"}
            if "secrets" in value:
                # The file's name is random.
                where = re.sub(rf"{re.escape(secrets_dir)}/\w+", "~/.clerk-mcp/secrets/…", value["secrets"])
                value = {**value, "secrets": where}
            shown = {name: "eyJ…" if v == ISSUED_TOKEN else v for name, v in arguments.items()}
            found[id] = (shown, value)
    return {id: found[id] for id in operations()}


_COUNTED: Final = {
    "operation": "Users_listSortedByCreationDate",
    "where": "public_metadata.plan == null",
    "group": "count by domain(email_addresses.email_address)",
}


def counted() -> str:
    """A call of `list_all`, and what came back."""

    async def run() -> Answer | AskInResult:
        sandbox = Sandbox(clock=lambda: _NOW_MS)
        make = calls_maker(load({"sandbox": True}), "stdio")
        async with _client(sandbox) as client:
            return await list_all(
                make(client, sandbox.key, Instance(Kind.SANDBOX)), _COUNTED, Caller(), cap=5000
            )

    answer = anyio.run(run)
    if not isinstance(answer, Answer) or answer.is_error:
        raise SystemExit(f"the example of list_all failed: {answer}")
    return "\n".join([*_json(_COUNTED), "", "answers", "", *_json(answer.value)])


def _client(sandbox: Sandbox) -> ClerkClient:
    return ClerkClient(sandbox.key, base_url="http://sandbox/v1", transport=SandboxTransport(sandbox))
