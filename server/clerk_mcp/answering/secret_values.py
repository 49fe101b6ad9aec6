"""Credentials in answers: kept from the model unless the operator says otherwise."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from clerk_mcp.answering.kept import LIFETIME_S, Courier, Credentials, Kept, TooManyCredentials
from clerk_mcp.private_files import make_directory
from clerk_tools.credentials import holds_credential, is_credential_name
from clerk_tools.operation import Effect, Operation, Spec

REDACTED: Final = "[kept back]"

Delivery = Literal["file", "redact", "inline", "link"]

_SHORTEST: Final = 4
"""Characters below which a given credential is not looked for: it is none, and would be found in any text."""
_LONG: Final = 12
"""Characters from which on it is looked for inside of words too."""


class NoPlaceForCredential(Exception):
    """A call whose credential, which Clerk shows once, would reach nobody; nothing was sent."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        """`code`, `message` and `hint` are those of the answer."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(slots=True)
class SecretValues:
    """What happens to the values that `Spec.secret` names.

    `file`: written to a new file that only the user can read, which the answer names; but dropped where they
    only come along in a list that is read. `redact`: dropped. `inline`: given to the model.
    `link`: kept for a person to fetch, once.
    """

    mode: Delivery
    directory: Path
    kept: Credentials | None = None
    """Where they are kept, with `link`."""
    courier: Courier | None = None
    """Shows people the way there; None until the server that serves the page has made it."""

    def check(self, spec: Spec) -> None:
        """Make sure, before a credential is made that Clerk shows only once, that it can be kept.

        Raises:
            NoPlaceForCredential: it cannot.
        """
        makes_one = spec.mints and spec.effect is not Effect.READ
        if makes_one and self.mode == "link" and self.courier is None:
            raise NoPlaceForCredential(
                "secret_undeliverable",
                f"{spec.id} makes a credential that Clerk shows once, and the page that would show it is part"
                " of a server, which does not run here: it would be lost. Nothing was sent.",
                "Leave --secrets link out: at a terminal a credential is written to a file.",
            )
        if makes_one and self.mode == "redact":
            raise NoPlaceForCredential(
                "secret_undeliverable",
                f"{spec.id} makes a credential that Clerk shows once, and this server shows it to nobody:"
                " it would be lost. Nothing was sent.",
                "The operator decides where credentials go: --secrets file (on stdio) writes them to a file"
                " of theirs, --secrets link (on stdio, or where people sign in) keeps them for a person to"
                " fetch, --secrets inline shows them to you.",
            )
        if self.mode == "file" and spec.secret and _goes_to_file(spec):
            problem = self._why_unwritable()
            if problem:
                raise NoPlaceForCredential(
                    "secrets_unwritable",
                    f"The answer holds a credential that goes to a file, but {problem}. Nothing was sent.",
                    "The operator must make the directory writable or choose another with --secrets-dir.",
                )

    async def check_room(self, spec: Spec, caller: str) -> None:
        """Make sure, before a credential is made, that it can be kept for a person to fetch.

        Raises:
            NoPlaceForCredential: it cannot.
        """
        if self.kept is None or not spec.mints:
            return
        try:
            await self.kept.check(caller)
        except TooManyCredentials:
            raise NoPlaceForCredential(
                "too_many_credentials",
                "Too many credentials that you had made wait for somebody to fetch them. Nothing was sent.",
                "Have the user open the links that they were given, or wait until they end"
                f" ({LIFETIME_S // 60} minutes).",
            ) from None
        except OSError as problem:
            raise NoPlaceForCredential(
                "secrets_unwritable",
                "The answer holds a credential, and where those are kept cannot be used"
                f" ({problem.strerror}). Nothing was sent.",
                "The operator must see to the Redis of CLERK_MCP_REDIS_URL.",
            ) from None

    async def hand_over(self, spec: Spec, value: Any, caller: str, base: str) -> tuple[Any, str]:
        """Keep the credentials of an answer for a person, where that is how they go.

        Args:
            value: the answer's value; it is not changed.
            caller: who may fetch them, beside those who approve.
            base: where the caller reached this server.

        Returns:
            The value without them, and what the answer says of it; empty where there is nothing to say.
        """
        if self.kept is None or self.courier is None or not spec.secret or not _goes_to_file(spec):
            return value, ""
        records = value if isinstance(value, list) else [value]
        parted = [_without(spec.secret, record, deep=False) for record in records]
        found = [values for _, values in parted if values]
        if not found:
            return value, ""
        rest = [record for record, _ in parted]
        kept = Kept(
            operation=spec.id, caller=caller, values=found[0] if len(found) == 1 else {"items": found}
        )
        names = _names(found)
        try:
            await self.kept.keep(kept)
        except OSError as problem:
            said = f"{names} kept back and lost: they could not be kept ({problem.strerror})"
        else:
            said = f"{names}: not shown to you. {await self.courier.bring(kept, base)}"
        return (rest if isinstance(value, list) else rest[0]), said

    def _why_unwritable(self) -> str | None:
        try:
            make_directory(self.directory)
        except OSError as error:
            return f"{self.directory}: {error.strerror}"
        writable = os.access(self.directory, os.W_OK | os.X_OK)
        return None if writable else f"{self.directory} is not writable"

    def keep_back(
        self, spec: Spec, value: Any, *, raw: bool = False, named: Collection[str] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """`value` without its credentials, and what the answer says about them.

        Args:
            value: an object, or the list of them; it is not changed.
            raw: it has whatever fields Clerk gave, so that a credential may stand anywhere in it.
            named: the fields that were asked for: of a credential elsewhere nothing is said.
        """
        if self.mode == "inline" or not (spec.secret or raw):
            return value, {}
        records = value if isinstance(value, list) else [value]
        if raw and not (spec.secret and _have_any(spec.secret, records)) and _is_clean(records):
            return value, {}
        parted = [_without(spec.secret, record, deep=raw) for record in records]
        found = [values for _, values in parted if values]
        if not found:
            return value, {}
        kept = [record for record, _ in parted]
        if named is not None:
            found = [values for values in found if _are_among(values, named)]
        notes = {"secrets": self._say(spec, found)} if found else {}
        return (kept if isinstance(value, list) else kept[0]), notes

    def _say(self, spec: Spec, found: list[dict[str, Any]]) -> str:
        names = _names(found)
        if self.mode == "redact":
            return f"{names} kept back"
        if self.mode == "link" or not _goes_to_file(spec):
            return f"{names} kept back; shown with --secrets inline only"
        try:
            return f"{names} written to {self._write(spec, found)}"
        except OSError as error:
            # Clerk has answered: the rest of the answer is still of use.
            return f"{names} kept back and lost: {self.directory} cannot be written ({error.strerror})"

    def _write(self, spec: Spec, found: list[dict[str, Any]]) -> Path:
        make_directory(self.directory)
        path = self.directory / f"{secrets.token_hex(8)}.json"
        content: dict[str, Any] = {"operation": spec.id}
        content |= found[0] if len(found) == 1 else {"items": found}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        return path


def _names(found: list[dict[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(name for values in found for name in values if name not in _IDENTITY))


def _goes_to_file(spec: Spec) -> bool:
    # Whoever reads a list of invitations does not want a file of all their links, each time anew.
    only_comes_along = spec.is_list and spec.effect is Effect.READ and not spec.mints
    return not only_comes_along


_IDENTITY: Final = ("id", "external_account_id")


def _without(names: tuple[str, ...], record: Any, *, deep: bool) -> tuple[Any, dict[str, Any]]:
    """Return a record without the named values; and these by their place, with the record's id."""
    if not isinstance(record, dict):
        # A credential that came without the object around it.
        return (None, {"value": record}) if names and record else (record, {})
    values = {name: record[name] for name in names if record.get(name)}
    kept = {name: value for name, value in record.items() if name not in values}
    if deep:
        kept = _part_without(kept, "", values)
    identity = {name: record[name] for name in _IDENTITY if record.get(name)} if values else {}
    return kept, identity | values


def _part_without(value: Any, place: str, values: dict[str, Any]) -> Any:
    """Copy part of a record without the credentials in it, which are put in `values` by their place.

    By their names outside of metadata, whose names are the customer's own; by their form everywhere.
    """
    if isinstance(value, list):
        return [_part_without(inner, f"{place}[{i}]", values) for i, inner in enumerate(value)]
    if isinstance(value, str) and holds_credential(value):
        values[place] = value
        return REDACTED
    if not isinstance(value, dict):
        return value
    kept = {}
    in_metadata = "_metadata" in place
    for name, inner in value.items():
        there = f"{place}.{name}" if place else name
        if not in_metadata and inner and _is_text(inner) and is_credential_name(name):
            values[there] = inner
        else:
            kept[name] = _part_without(inner, there, values)
    return kept


def _are_among(values: dict[str, Any], named: Collection[str]) -> bool:
    """Tell whether one of the credentials, by their places, stands in a field that was asked for."""
    fields = {name.partition(".")[0] for name in named}
    return any(re.split(r"[.\[]", place, maxsplit=1)[0] in fields for place in values.keys() - {*_IDENTITY})


def _have_any(names: tuple[str, ...], records: list[Any]) -> bool:
    """Tell whether one of the records is no object, or has a value under one of these names."""
    return any(not isinstance(record, dict) or any(map(record.get, names)) for record in records)


def _is_clean(value: Any, in_metadata: bool = False) -> bool:
    """Tell whether there is nothing in part of a record that `_part_without` would take out.

    Of thousands of records hardly one holds a credential, and looking takes a part of the time of copying.
    """
    if isinstance(value, str):
        return not holds_credential(value)
    if isinstance(value, list):
        for inner in value:
            if not _is_clean(inner, in_metadata):
                return False
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not inner or not isinstance(inner, str | list | dict):
                continue
            if not in_metadata and is_credential_name(name) and _is_text(inner):
                return False
            if isinstance(inner, str):
                if holds_credential(inner):
                    return False
            elif not _is_clean(inner, in_metadata or "_metadata" in name):
                return False
    return True


def _is_text(value: Any) -> bool:
    """Tell whether a value is text or a list of texts: a number or an object under such a name is none."""
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value))


def without_given(operation: Operation, value: Any) -> Any:
    """Return part of an answer, without the credentials that the call was given, wherever they stand in
    it."""
    pattern = _given(operation)
    if pattern is None:
        return value
    names = {argument.name for argument in operation.spec.arguments}

    def hide(part: Any) -> Any:
        match part:
            case dict():
                return {name: hide(inner) for name, inner in part.items()}
            case list():
                return [hide(inner) for inner in part]
            case str() if part not in names:
                return pattern.sub(REDACTED, part)
            case _:
                return part

    return hide(value)


def _given(operation: Operation) -> re.Pattern[str] | None:
    """Finds the credentials that a call was given; None where it was given none."""
    given = [getattr(operation, name) for name in operation.spec.private]
    texts = {text for value in given for text in (value if isinstance(value, list) else [value])}
    found = [_finder(text) for text in texts if isinstance(text, str) and len(text) >= _SHORTEST]
    return re.compile("|".join(found)) if found else None


def _finder(text: str) -> str:
    # A short one may be an ordinary word: it is not to be cut out of Clerk's own.
    return re.escape(text) if len(text) >= _LONG else rf"(?<!\w){re.escape(text)}(?!\w)"


def default_mode(transport: str, *, people_sign_in: bool = False) -> Delivery:
    """Tell where nothing is set: a local user has files, a remote caller has none, and a page where people
    sign in."""
    if transport == "stdio":
        return "file"
    return "link" if people_sign_in else "redact"
