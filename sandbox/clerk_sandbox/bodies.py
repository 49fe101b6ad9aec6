"""Request bodies: how they are read, and what is refused before an operation sees them."""

import json
from collections.abc import Callable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.routing import Call, Upload
from clerk_tools.argument import Argument, Place

# What Clerk's limit is nobody says; this one lets an answer, a snapshot and the request log nest it further.
MAX_DEPTH = 100


def read_body(call: Call, content_type: str, body: bytes) -> None:
    """Put the request's body and file into `call`.

    Raises:
        ClerkError: the content type, the JSON, a parameter's name or a parameter's type is wrong.
    """
    wanted = call.spec.media_type
    media_type = content_type.partition(";")[0].strip().lower()
    if wanted is None:
        return
    if wanted == "multipart/form-data":
        if media_type != wanted:
            raise errors.unsupported_content_type(media_type, wanted)
        call.body, call.file = read_multipart(content_type, body)
    else:
        if body and media_type != wanted:
            raise errors.unsupported_content_type(media_type, wanted)
        call.body = read_json(body)
    arguments = {a.name: a for a in call.spec.arguments if a.place is Place.BODY}
    if call.spec.array_body:
        if not isinstance(call.body, list):
            raise errors.request_body_invalid("The body has to be a JSON array.")
        check_value(next(iter(arguments.values())), call.body)
        return
    if not isinstance(call.body, dict):
        raise errors.request_body_invalid("The body has to be a JSON object.")
    check_object(arguments, call.body)


def read_json(body: bytes) -> Any:
    if not body:
        return {}
    try:
        value = json.loads(body)
        # Python reads NaN, 1e999 and half of a surrogate pair, but none of them can be answered as JSON.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        if depth(value) > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    except (ValueError, RecursionError) as error:
        raise errors.request_body_invalid(f"The body is not JSON: {error}.") from None
    return value


def depth(value: Any) -> int:
    """Tell how many arrays and objects there are inside one another."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)


def read_multipart(content_type: str, body: bytes) -> tuple[dict[str, str], Upload | None]:
    """Return the text parts by name, and the part named `file`."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    try:
        message = BytesParser(policy=HTTP).parsebytes(head + body)
    except RecursionError:
        raise errors.request_body_invalid("Its parts are nested too deep.") from None
    fields: dict[str, str] = {}
    upload: Upload | None = None
    for part in message.iter_parts() if message.is_multipart() else ():
        name = str(part.get_param("name", "", header="content-disposition"))
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue  # a multipart inside the multipart
        if name == "file":
            upload = Upload(content, part.get_content_type())
        else:
            fields[name] = content.decode(errors="replace")
    return fields, upload


def check_object(
    arguments: Mapping[str, Argument],
    values: Mapping[str, Any],
    inside: str = "",
    may_hold_more: bool = False,
) -> None:
    """Refuse unknown names, missing required ones and values of another type."""
    for name, value in values.items():
        if name in arguments:
            check_value(arguments[name], value, inside)
        elif not may_hold_more:
            raise errors.form_param_unknown(inside + name)
    for name, argument in arguments.items():
        if argument.required and values.get(name) is None:
            raise errors.form_param_missing(inside + name)


_IS_OF_TYPE: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    # 600.0 is whole too: Clerk's Python SDK sends it where Clerk's document says number.
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def check_value(argument: Argument, value: Any, inside: str = "") -> None:
    name = inside + argument.name
    if value is None:
        # Clerk reads a null for what cannot be null as if it had been left out.
        return
    if not _IS_OF_TYPE[argument.type](value):
        raise errors.form_param_format_invalid(name, f"of type {argument.type}")
    if argument.enum and value not in argument.enum:
        raise errors.form_param_value_invalid(
            name, [json.dumps(allowed).strip('"') for allowed in argument.enum]
        )
    if argument.items and isinstance(value, list):
        for position, entry in enumerate(value):
            check_entry(argument.items, entry, f"{name}[{position}]")
    if argument.properties:
        check_object({a.name: a for a in argument.properties}, value, f"{name}.", argument.open)


def check_entry(items: Argument, entry: Any, name: str) -> None:
    if not _IS_OF_TYPE[items.type](entry):
        raise errors.form_param_format_invalid(name, f"of type {items.type}")
    if items.properties:
        check_object({a.name: a for a in items.properties}, entry, f"{name}.")
