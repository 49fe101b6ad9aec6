"""The next step that works, for each of Clerk's error codes.

An agent acts on what it reads: a hint names the tool that finds the id, the argument to change, how long
to wait, or that a plan or a setting is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from clerk_tools.argument import Argument, Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec


def hint(code: str, spec: Spec, param: str | None = None) -> str | None:
    """Return what to do next about an error of `spec`'s operation; None where nothing is known to help.

    Args:
        param: the argument that Clerk names, if it names one.
    """
    if by_call := _BY_CALL.get(code):
        return by_call(spec, param)
    # Imported here, for it names operations by their classes, and a start does without these.
    from clerk_mcp.answering.codes import HINTS

    return HINTS.get(code)


def if_executed(spec: Spec) -> str:
    """Tell how to go on after a write whose outcome is unknown."""
    return f"It may have been executed. {spec.advice.if_executed or _see(spec)}"


def _see(spec: Spec) -> str:
    reader = reader_of(spec)
    if reader is None:
        return "No tool shows it, but calling again with the same arguments does no harm."
    if spec.method == "DELETE" and operations()[reader].spec.path == spec.path:
        return f"If {reader} answers resource_not_found, it was; see that before calling again."
    aside = " and fields private_metadata" if _takes(spec, "private_metadata") else ""
    return f"See with {reader}{aside} before calling again."


@cache
def reader_of(spec: Spec) -> str | None:
    """Return the operation that shows what a change by `spec` did: the nearest GET above its path, or
    None."""
    if spec.reader is not None:
        return spec.reader.spec.id
    known = {argument.name for argument in spec.arguments}
    above = [s for s in _reading() if _leads_to(s.path, spec.path) and _required(s) <= known]
    return max(above, key=lambda s: s.path.count("/")).id if above else None


def _required(spec: Spec) -> set[str]:
    return {argument.name for argument in spec.arguments if argument.required}


def _not_found(spec: Spec, param: str | None) -> str | None:
    if param in ("role", "role_key") and _named(spec.arguments, param):
        (roles,) = (s.id for s in _reading() if s.path == "/organization_roles" and s.is_list)
        return f"A role is given by its key, such as org:admin or org:member; {roles} shows those there are."
    if spec.advice.not_found:
        return spec.advice.not_found
    finders = _finders(spec)
    return f"Find the right id with {' or '.join(finders)}." if finders else None


@cache
def _finders(spec: Spec) -> tuple[str, ...]:
    """Return the operations that show the ids which an operation takes, the innermost of its path first."""
    found: list[str] = []
    segments = spec.path.split("/")
    for end in range(len(segments), 0, -1):
        if segments[end - 1].startswith("{"):
            collection = "/".join(segments[: end - 1])
            found += [
                s.id
                for s in _reading()
                if s.is_list and s.path == collection and (spec.deprecated or not s.deprecated)
            ]
    # After those of the path: an organization's members come before all users.
    found += [_finder(a) for a in spec.arguments if a.required]
    if not any(found):
        found += [_finder(a) for a in spec.arguments if a.place is Place.BODY]
    return tuple(dict.fromkeys(filter(None, found)))


def _finder(argument: Argument) -> str:
    """Return the operation that shows the ids which an argument takes; empty where none does."""
    return argument.kind.found_by if argument.kind else ""


def _named(arguments: tuple[Argument, ...], name: str) -> Argument | None:
    """Return the argument of this name, be it inside another one."""
    for argument in arguments:
        nested = argument.properties or (argument.items.properties if argument.items else ())
        found = argument if argument.name == name else _named(nested, name)
        if found:
            return found
    return None


def _named_resource_not_found(spec: Spec, param: str | None) -> str:
    argument = _named(spec.arguments, param or "")
    finder = _finder(argument) if argument else ""
    if not finder:
        return "The id in the named argument does not exist: look the right one up."
    return f"The id in `{param}` does not exist: find the right one with {finder}."


def _identifier_exists(spec: Spec, param: str | None) -> str:
    # Imported here, for a start does without it.
    from clerk_tools.resources.users import ListUsers

    again = " `ignore_existing` true invites nevertheless." if _takes(spec, "ignore_existing") else ""
    filters = {a.name for a in ListUsers.spec.arguments}
    if param in filters:
        return f"Somebody has it: find them with {ListUsers.spec.id} and `{param}`.{again}"
    listing = _listing_of(spec)
    return f"It is taken: {listing} shows by what. Use another." if listing else "It is taken: use another."


def _duplicate(spec: Spec, _: str | None) -> str:
    if _takes(spec, "ignore_existing"):
        return f"It was invited before: {_listing_of(spec)} shows it; `ignore_existing` true invites again."
    listing = _listing_of(spec)
    return f"Nothing to do: it exists already, and {listing} shows it." if listing else "It exists already."


def _deprecated(spec: Spec, _: str | None) -> str:
    return "Clerk no longer serves this operation" + (f": use {spec.instead}." if spec.instead else ".")


def _failed(spec: Spec, _: str | None) -> str:
    if spec.effect is Effect.READ:
        return "The fault is Clerk's: wait some seconds, then try again."
    return if_executed(spec)


_BY_CALL: Final[dict[str, Callable[[Spec, str | None], str | None]]] = {
    "duplicate_record": _duplicate,
    "form_identifier_exists": _identifier_exists,
    "form_resource_not_found": _named_resource_not_found,
    "gateway_timeout": _failed,
    "internal_clerk_error": _failed,
    "operation_deprecated": _deprecated,
    "resource_not_found": _not_found,
    "service_unavailable": _failed,
}
"""By Clerk's error code, where the next step depends on the operation or on the argument that Clerk names."""


def _takes(spec: Spec, argument: str) -> bool:
    return any(a.name == argument for a in spec.arguments)


def _listing_of(spec: Spec) -> str | None:
    return next((s.id for s in _reading() if s.is_list and _leads_to(s.path, spec.path)), None)


def _leads_to(path: str, other: str) -> bool:
    return f"{other}/".startswith(f"{path}/")


@cache
def _reading() -> tuple[Spec, ...]:
    return tuple(
        o.spec for o in operations().values() if o.spec.effect is Effect.READ and o.spec.method == "GET"
    )
