"""Asking the user behind an MCP client, in whichever way the client and the protocol era allow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from clerk_mcp.confirming import LIFETIME_S, Answered, Asker, Asking, AskInResult, CannotAsk
from clerk_mcp.protocol.identity import HUNG_UP

FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"confirm": {"type": "boolean", "title": "Yes, do it", "default": False}},
    "required": ["confirm"],
}
"""What the user fills in: one box to tick. Sending the form with the box left empty is a no."""

_INPUT: Final = "confirm"
"""The key of our question in an `InputRequiredResult`."""
_LINK: Final = "open"
"""The key in there of a link that the user is to open."""


# ── The MCP side ──


def how_to_ask(context: ServerRequestContext[Any, Any]) -> Asking:
    """Judge by what the client declared and the channel it opened.

    A bare `elicitation: {}`, the only shape before 2025-11-25, means forms. On 2026-07-28 the protocol
    forbids requests by the server; before, a stateless or JSON-only HTTP request has no way back.
    """
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return Asking.NONE
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return Asking.IN_RESULT
    return Asking.LIVE if context.session.can_send_request else Asking.NONE


def how_to_show(context: ServerRequestContext[Any, Any]) -> Asking:
    """Tell how the user can be shown a link past the model: by what the client declared, as above."""
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or elicitation.url is None:
        return Asking.NONE
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return Asking.IN_RESULT
    return Asking.LIVE if context.session.can_send_request else Asking.NONE


def asker_of(context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams) -> Asker:
    """Return the way to the user behind one `tools/call`."""
    base = str(context.request.base_url).rstrip("/") if context.request else ""
    way, link = how_to_ask(context), how_to_show(context)
    if Asking.IN_RESULT in (way, link):
        responses = params.input_responses or {}
        asked, shown = responses.get(_INPUT), responses.get(_LINK)
        return Asker(
            way=way,
            state=params.request_state,
            answered=_answered(asked) if isinstance(asked, types.ElicitResult) else None,
            link=link,
            opened=_opened(shown) if isinstance(shown, types.ElicitResult) else None,
            base=base,
        )
    return Asker(
        way=way,
        elicit=lambda question: _elicit(context, lambda: _form(context, question)),
        link=link,
        show=lambda text, url, id: _elicit(context, lambda: _link(context, text, url, id)),
        base=base,
    )


def in_result(ask: AskInResult) -> types.InputRequiredResult:
    """Return the question as the answer to `tools/call` on 2026-07-28."""
    params: types.ElicitRequestParams
    if ask.link:
        params = types.ElicitRequestURLParams(message=ask.question, url=ask.link)
    else:
        params = types.ElicitRequestFormParams(message=ask.question, requested_schema=FORM)
    requests: dict[str, types.InputRequest]
    requests = {_LINK if ask.link else _INPUT: types.ElicitRequest(params=params)}
    return types.InputRequiredResult(input_requests=requests, request_state=ask.state)


async def _elicit(
    context: ServerRequestContext[Any, Any], ask: Callable[[], Awaitable[Answered]]
) -> Answered:
    # Nobody at the screen must not hold a call for ever, and a client that has hung up answers no more.
    hung_up = context.request.scope.get(HUNG_UP) if context.request else None
    with anyio.move_on_after(LIFETIME_S) as waiting:
        async with anyio.create_task_group() as tasks:
            if hung_up is not None:
                tasks.start_soon(_cancel_after, hung_up, waiting)
            answered = await _ask(ask)
            tasks.cancel_scope.cancel()
        if isinstance(answered, CannotAsk):
            raise answered
        return answered
    return Answered.CANCELLED


async def _ask(ask: Callable[[], Awaitable[Answered]]) -> Answered | CannotAsk:
    try:
        return await ask()
    except (MCPError, ValidationError) as error:
        return CannotAsk(str(error))


async def _form(context: ServerRequestContext[Any, Any], question: str) -> Answered:
    return _answered(await context.session.elicit_form(question, FORM, context.request_id))


async def _link(context: ServerRequestContext[Any, Any], text: str, url: str, id: str) -> Answered:
    return _opened(await context.session.elicit_url(text, url, id, context.request_id))


async def _cancel_after(event: anyio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()


def _answered(result: types.ElicitResult) -> Answered:
    if result.action == "cancel":
        return Answered.CANCELLED
    ticked = result.action == "accept" and (result.content or {}).get("confirm") is True
    return Answered.ACCEPTED if ticked else Answered.DECLINED


def _opened(result: types.ElicitResult) -> Answered:
    """Return whether the user opened a link: that is no answer to what it shows."""
    return {"accept": Answered.ACCEPTED, "decline": Answered.DECLINED}.get(result.action, Answered.CANCELLED)
