"""The examples of the declarations as real calls: their names resolved on the demo company.

Made one after another, in the order of `example_calls`, on a fresh sandbox, all of them succeed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from clerk_sandbox.collection import COLLECTIONS
from clerk_sandbox.demo_data import BACKUP_CODES, PASSWORD
from clerk_sandbox.routing import resource_modules
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.state import Instance, Table, now_ms
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec
from clerk_tools.spec import Demo, Example

Calls = dict[str, dict[str, Any]]

ISSUED_TOKEN: Final = "the jwt that a call before has answered"  # noqa: S105 - it stands for one
"""Stands for a value that only an earlier answer can tell: `filled_in` puts it in."""

PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A whole image of one pixel, in base64."""


def example_calls(clock: Callable[[], int] = now_ms) -> Calls:
    """Flat arguments by operationId. The ids are those of every sandbox with the default seed.

    Args:
        clock: of the sandbox that they are for; some name a time.
    """
    demo = Sandbox(clock=clock).instance
    specs = sorted((operation.spec for operation in operations().values()), key=_turn)
    return {spec.id: resolved(demo, _example(spec).arguments) for spec in specs}


def _turn(spec: Spec) -> int:
    """Tell when an example is made: what takes something away comes after what uses it."""
    if _example(spec).late:
        return 3
    # The token of a session is asked for before it is used.
    return 0 if spec.returns == "session_token" else 2 if spec.effect is Effect.DESTROY else 1


def _example(spec: Spec) -> Example:
    if spec.example is None:
        raise LookupError(f"{spec.id} has no example")
    return spec.example


def filled_in(arguments: Mapping[str, Any], issued_token: str) -> dict[str, Any]:
    """Return the arguments with the token that was issued meanwhile."""
    return {name: issued_token if value == ISSUED_TOKEN else value for name, value in arguments.items()}


def id_of(table: Table, **fields: Any) -> str:
    """Return the id of the newest record with these values."""
    return next(
        str(record["id"]) for record in table if all(record[key] == value for key, value in fields.items())
    )


def user_id(demo: Instance, email_address: str) -> str:
    """Return the id of the user with this email address.

    Raises:
        LookupError: there is none.
    """
    user = demo.user_by("email_address", email_address)
    if user is None:
        raise LookupError(email_address)
    return str(user["id"])


def resolved(demo: Instance, value: Any) -> Any:
    """Return the value with every `Demo` in it replaced by what it names."""
    if isinstance(value, Demo):
        return _user(demo, value) if value in _USERS else _named(demo, value)
    if isinstance(value, Mapping):
        return {name: resolved(demo, inner) for name, inner in value.items()}
    return [resolved(demo, inner) for inner in value] if isinstance(value, list) else value


def _named(demo: Instance, name: str) -> str:
    """Return the value of a name below or in a resource's own `NAMED`, or the newest record of a
    `Collection`.

    Raises:
        LookupError: nothing has this name.
    """
    _, _, called = name.partition(" ")
    named = _NAMED | {
        n: of for module in resource_modules() for n, of in getattr(module, "NAMED", {}).items()
    }
    if name in named:
        return str(named[name](demo))
    if called not in COLLECTIONS:
        raise LookupError(f"the demo has nothing that is called {name}")
    return id_of(COLLECTIONS[called].records(demo))


def _user(demo: Instance, name: str) -> str:
    return user_id(demo, _USERS[name])


def _session(demo: Instance) -> dict[str, Any]:
    return demo.sessions[id_of(demo.sessions, user_id=_user(demo, "nadia"), status="active")]


def _first_phone(demo: Instance, name: str) -> str:
    return str(demo.users[_user(demo, name)]["phone_numbers"][0]["id"])


def _unverified(demo: Instance) -> str:
    emails = demo.users[_user(demo, "chloe")]["email_addresses"]
    return next(str(email["id"]) for email in emails if not email["verification"])


def _fernhill(demo: Instance) -> str:
    return id_of(demo.organizations, name="Fernhill")


_USERS: Final = {
    "aisha": "aisha.karim@example.com",
    "carlos": "carlos.mendoza@example.com",
    "chloe": "chloe+clerk_test@example.com",
    "dmitri": "dmitri.volkov@example.net",
    "greta": "greta.lindqvist@example.org",
    "hassan": "hassan.elamin@example.com",
    "helen": "helen@mossbrook.example",
    "ingrid": "ingrid.solberg@fernhill.example",
    "kwame": "kwame.asante@fernhill.example",
    "marcus": "marcus@aldervale.example",
    "mei": "mei.tanaka@fernhill.example",
    "nadia": "nadia.brandt@fernhill.example",
    "oliver": "oliver.hartley@fernhill.example",
    "priya": "priya+clerk_test@mossbrook.example",
    "ravi": "ravi.patel@example.com",
    "samuel": "samuel.okafor@fernhill.example",
    "tomas": "tomas.rivera@fernhill.example",
    "yuki": "yuki+clerk_test@aldervale.example",
    "zofia": "zofia.nowak@fernhill.example",
}

_NAMED: Final[dict[str, Callable[[Instance], str]]] = {
    "Fernhill": _fernhill,
    "Thistle Studio": lambda demo: id_of(demo.organizations, name="Thistle Studio"),
    "a JWT template": lambda demo: id_of(demo.jwt_templates, name="hasura"),
    "a SAML connection": lambda demo: id_of(demo.saml_connections, active=True),
    "a SAML connection in preparation": lambda demo: id_of(demo.saml_connections, active=False),
    "a backup code": lambda _: BACKUP_CODES[0],
    "a blocklist entry": lambda demo: id_of(demo.blocklist_identifiers, identifier="spammer@example.org"),
    "a client": lambda demo: str(_session(demo)["client_id"]),
    "a phone number": lambda demo: _first_phone(demo, "chloe"),
    "a session": lambda demo: str(_session(demo)["id"]),
    "a sign-in token": lambda demo: id_of(demo.sign_in_tokens, status="pending"),
    "a sign-up": lambda demo: id_of(demo.sign_ups),
    "an OAuth application": lambda demo: id_of(demo.oauth_applications, public=False),
    "an actor token": lambda demo: id_of(demo.actor_tokens, status="pending"),
    "an allowlist entry": lambda demo: id_of(
        demo.allowlist_identifiers, identifier="consultant@rowan.example"
    ),
    "an image": lambda _: PNG,
    "an invitation": lambda demo: id_of(demo.invitations, status="pending"),
    "an issued token": lambda _: ISSUED_TOKEN,
    "an organization's invitation": lambda demo: id_of(
        demo.organization_invitations, organization_id=_fernhill(demo), status="pending"
    ),
    "an unverified email address": _unverified,
    "another phone number": lambda demo: _first_phone(demo, "aisha"),
    "the password": lambda _: PASSWORD,
    "the primary domain": lambda demo: id_of(demo.domains, is_satellite=False),
    "the satellite domain": lambda demo: id_of(demo.domains, is_satellite=True),
}
"""What examples call the rest of the demo company."""
