"""Trying an operation that only reads, from a form with its arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mcp.server.lowlevel import Server
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clerk_mcp.hosting.console.doors import Doors
from clerk_mcp.hosting.console.entry_screen import shown
from clerk_mcp.hosting.console.inside import Answered, call_tool
from clerk_mcp.hosting.console.layout import prose
from clerk_mcp.hosting.html import Child, Html, join, tag
from clerk_mcp.hosting.signin import is_known, read_form
from clerk_mcp.offering import Policy, may_read
from clerk_mcp.protocol import IDENTITY
from clerk_tools.argument import Argument
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec

_AS_JSON: Final = ("object", "array")
_CHOICE: Final = 30
"""Values of an argument up to which they are offered as a list to choose from."""


class Trying:
    """Shows a form for each operation that reads, and runs it as whoever sent the form."""

    def __init__(self, policy: Policy, server: Server[Any], doors: Doors) -> None:
        self._policy = policy
        self._server = server
        self._doors = doors

    def routes(self) -> Sequence[Route]:
        return [
            Route("/try", self._doors.for_all(self._ask), methods=["GET"]),
            Route("/try", self._doors.from_own_page(self._run), methods=["POST"]),
        ]

    async def _ask(self, request: Request) -> Response:
        spec = self._spec(request, request.query_params.get("tool", ""))
        if isinstance(spec, Response):
            return spec
        return self._doors.show(request, "/tools", f"Try {spec.id}", _form(request, spec, {}))

    async def _run(self, request: Request) -> Response:
        form = await read_form(request)
        spec = self._spec(request, form.get("tool", ""))
        if isinstance(spec, Response):
            return spec
        answered = await call_tool(self._server, request, spec.id, arguments_of(spec, form), "console")
        body = join(_answer(answered), _form(request, spec, form))
        return self._doors.show(request, "/tools", f"Try {spec.id}", body)

    def _spec(self, request: Request, name: str) -> Spec | Response:
        """Find what is to be tried, or say why it is not."""
        scopes = request.scope[IDENTITY].scopes
        found = operations().get(name)
        problem = "There is no such operation."
        if found is not None:
            refused = self._policy.objection(found.spec, scopes)
            problem = refused.message if refused else ""
            if found.spec.effect is not Effect.READ:
                problem = f"{name} changes data; only what reads can be tried here."
        if not problem and not is_known(request):
            problem = "Sign in to try it."
        if found is None or problem or not may_read(found.spec, scopes):
            return self._doors.show(request, "/tools", "Not to be tried", tag("p", problem), status=403)
        return found.spec


def arguments_of(spec: Spec, form: Mapping[str, str]) -> dict[str, Any]:
    """Read a form's fields as arguments: an empty one is left out, JSON is read where it is JSON.

    What is wrong with them is for the call to say, as it says it to agents.
    """
    arguments: dict[str, Any] = {}
    for argument in spec.arguments:
        text = form.get(f"a_{argument.name}", "").strip()
        if text:
            arguments[argument.name] = _read(argument, text)
    return arguments


def _read(argument: Argument, text: str) -> Any:
    if argument.type not in _AS_JSON or text[0] not in "[{":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _form(request: Request, spec: Spec, given: Mapping[str, str]) -> Html:
    root = request.scope["root_path"]
    lines = (_field(argument, given.get(f"a_{argument.name}", "")) for argument in spec.arguments)
    return join(
        tag("p", prose(spec.description)),
        tag(
            "form",
            tag("input", type="hidden", name="tool", value=spec.id),
            *lines,
            tag("button", "Run"),
            method="post",
            action=f"{root}/try",
            class_="tried",
        ),
        tag("p", tag("a", "All tools", href=f"{root}/tools#{spec.id}")),
    )


def _field(argument: Argument, value: str) -> Html:
    id = f"a_{argument.name}"
    common: dict[str, Any] = {
        "id": id,
        "name": id,
        "required": argument.required,
        "aria_describedby": f"{id}_what",
    }
    control: Html
    if argument.enum and len(argument.enum) <= _CHOICE:
        choices = ("", *map(str, argument.enum))
        options = (tag("option", each or "–", value=each, selected=each == value) for each in choices)
        control = tag("select", *options, **common)
    elif argument.type in _AS_JSON and argument.items is None:
        control = tag("textarea", value, **common)
    else:
        control = tag("input", value=value, autocomplete="off", **common)
    needed: Child = tag("span", " needed", class_="quiet") if argument.required else None
    kind = "List, with commas between or as JSON. " if argument.items else ""
    if argument.type == "boolean":
        kind = "true or false. "
    what = tag("small", kind, prose(argument.description), id=f"{id}_what")
    return tag("div", tag("label", argument.name, needed, for_=id), control, what, class_="stack")


def _answer(answered: Answered) -> Html:
    words = "It failed" if answered.is_error else "Answer"
    return tag(
        "section",
        tag("h2", words, id="answer"),
        shown(answered.value) or tag("p", "Nothing."),
        class_="answer",
        aria_labelledby="answer",
        role="status",
    )
