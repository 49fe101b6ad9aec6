"""The bodies of requests: read within bounds, and looked over before anything is built from them.

A few megabytes of JSON become gigabytes of objects, where they are a million empty lists; and a name of
megabytes is copied into every message about it. Only an image, which is one long text, may be large.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import anyio
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

MOST_VALUES: Final = 20_000
"""Names and values in one request, together; Clerk's own limits stay far below."""
LONGEST_NAME: Final = 1000
"""Characters of a name: of an argument, at any depth, and of whatever is not an argument's value."""
_READ_ON_BYTES: Final = 1_000_000
_READ_ON_S: Final = 1.0
_SMALL: Final = 64_000
"""Bytes of a body that is not worth a look at its names."""

# Bytes that come with every value and every name but the first, when they do not stand inside a text.
_MARKS: Final = (b",", b":", b"[", b"{")
# A text that does not end reaches to the end of the body, so that nothing is looked at twice.
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.?)*+(?:"|\Z)', re.DOTALL)


class TooLong(Exception):
    """A body is larger than is taken."""


class NoRoom(Exception):
    """The server holds as many bytes as it takes."""


class HungUp(Exception):
    """The client went away before its body was there."""


async def read_body(scope: Scope, receive: Receive, most: int, hold: Callable[[int], bool]) -> bytes:
    """Read the body of a request.

    Args:
        most: bytes.
        hold: asked for room for so many bytes more.

    Raises:
        TooLong, NoRoom, HungUp: see there.
    """
    declared = Headers(scope=scope).get("content-length", "")
    room = int(declared) if declared.isdecimal() and len(declared) < 20 else 0
    if room > most:
        raise TooLong
    # Room for all that is announced, before any of it is read.
    if room and not hold(room):
        raise NoRoom
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise TooLong
        if size > room:
            if not hold(size - room):
                raise NoRoom
            room = size
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def read_on(receive: Receive) -> None:
    """Take more of a body that is refused, and drop it, up to a bound.

    A connection that is closed with bytes unread is reset, and the client may never see why.
    """
    left = _READ_ON_BYTES
    with anyio.move_on_after(_READ_ON_S):
        while left > 0:
            message = await receive()
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return
            left -= len(message.get("body", b""))


def again(body: bytes, receive: Receive) -> Receive:
    """Make a `receive` that gives a body which was read already, and then goes on."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def objection_to(body: bytes) -> str | None:
    """Say why a body is not to be parsed; None where it may be, or is not JSON, which others say better."""
    # In fewer bytes there cannot be as many.
    if (
        len(body) > MOST_VALUES
        and _marks(body) > MOST_VALUES
        and (_texts_at_least(body) > 2 * MOST_VALUES or _marks_outside(body) > MOST_VALUES)
    ):
        return f"The request holds more than {MOST_VALUES} names and values"
    if len(body) <= _SMALL:
        return None
    try:
        message = from_json(body, cache_strings=False)
    except ValueError:
        return None
    return _long_name(message)


def _marks(body: bytes) -> int:
    return sum(body.count(mark) for mark in _MARKS)


def _texts_at_least(body: bytes) -> int:
    """Tell how many quotation marks there are that begin or end a text: never more than there are."""
    return body.count(b'"') - body.count(b'\\"')


def _marks_outside(body: bytes) -> int:
    return _marks(_TEXT.sub(b"", body))


def _long_name(message: Any) -> str | None:
    """Say that a name, or a text that is no argument's, is longer than any that means something."""
    params = message.get("params") if isinstance(message, dict) else None
    arguments = params.get("arguments") if isinstance(params, dict) else None
    # With each value: whether it is, or stands in, an argument. Texts there may be long: an image is one.
    left: list[tuple[Any, bool]] = [(message, False)]
    while left:
        value, given = left.pop()
        if isinstance(value, str) and not given and len(value) > LONGEST_NAME:
            return f"The request holds a text of {len(value)} characters that is no argument"
        if isinstance(value, dict):
            given = given or value is arguments
            if any(len(name) > LONGEST_NAME for name in value):
                return f"The request holds a name of more than {LONGEST_NAME} characters"
            left.extend((inner, given) for inner in value.values())
        elif isinstance(value, list):
            left.extend((inner, given) for inner in value)
    return None
