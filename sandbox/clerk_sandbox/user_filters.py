"""The filters, the search and the orders of GET /users and GET /users/count."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.routing import Query
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.user_records import primary

HOUR_MS = 3_600_000

ORDERS: dict[str, Callable[[Json], Any]] = {
    "created_at": lambda user: user["created_at"],
    "updated_at": lambda user: user["updated_at"],
    "email_address": lambda user: primary(user, "email_address"),
    "web3wallet": lambda user: primary(user, "web3_wallet"),
    "phone_number": lambda user: primary(user, "phone_number"),
    "first_name": lambda user: user["first_name"] and user["first_name"].lower(),
    "last_name": lambda user: user["last_name"] and user["last_name"].lower(),
    "username": lambda user: user["username"] and user["username"].lower(),
    "last_active_at": lambda user: user["last_active_at"],
    "last_sign_in_at": lambda user: user["last_sign_in_at"],
}

# The filters whose values may carry a sign: + includes, - excludes. Each gives the ids of the users it means.
_SIGNED: dict[str, Callable[[Instance, str], Iterable[str]]] = {
    "external_id": lambda instance, value: filter(None, [instance.taken["external_id"].get(value)]),
    "user_id": lambda instance, value: [value] if value in instance.users else [],
    "organization_id": lambda instance, value: instance.memberships_by_organization.get(value, ()),
}


def matching_users(instance: Instance, query: Query) -> list[Json] | None:
    """Return the users that every given filter lets through, newest first; None where no filter is given."""
    chosen = _by_identifiers(instance, query)
    predicates = list(_predicates(query))
    if chosen is None and not predicates:
        return None
    users: Iterable[Json] = instance.users if chosen is None else instance.users.newest_first(chosen)
    return [user for user in users if all(predicate(user) for predicate in predicates)]


def in_order(instance: Instance, users: list[Json] | None, order_by: str | None) -> list[Json] | None:
    """`users` (None: all of them) in the order asked for; None where that is every user, newest first.

    Raises:
        ClerkError: Clerk has no such order. A `+` that was not sent as `%2B` arrives as a blank, and is none.
    """
    order_by = order_by or "-created_at"
    name = order_by[1:] if order_by[0] in "+-" else order_by
    if name not in ORDERS:
        raise errors.form_param_value_invalid("order_by", ORDERS)
    descending = order_by[0] == "-"
    if name == "created_at" and descending:
        return users
    oldest_first = list(instance.users if users is None else users)[::-1]
    # As in PostgreSQL: where there is no value, the record comes last, or first when descending.
    with_value = [user for user in oldest_first if ORDERS[name](user) is not None]
    without = [user for user in oldest_first if ORDERS[name](user) is None]
    with_value.sort(key=ORDERS[name], reverse=descending)
    return without + with_value if descending else with_value + without


def after_cursor(users: list[Json], query: Query, cursor: str) -> list[Json]:
    """Return the users that follow the one with the id `cursor`, in an order by creation.

    Raises:
        ClerkError: another order is asked for, or no user in the list has this id.
    """
    if (query.one("order_by") or "created_at").lstrip("+-") != "created_at":
        raise errors.form_param_value_invalid("starting_after", "an id, with users ordered by created_at")
    at = next((place for place, user in enumerate(users) if user["id"] == cursor), None)
    if at is None:
        raise errors.form_param_value_invalid("starting_after", "the id of a user in the list")
    return users[at + 1 :]


def filter_of(instance: Instance, query: Query) -> Callable[[Json], bool]:
    """Return what tells whether a user passes every given filter."""
    chosen = _by_identifiers(instance, query)
    predicates = list(_predicates(query))
    return lambda user: (chosen is None or user["id"] in chosen) and all(test(user) for test in predicates)


def _by_identifiers(instance: Instance, query: Query) -> set[str] | None:
    """Return the ids that the exact filters choose together; None where there is none of these filters."""
    chosen: set[str] | None = None
    excluded: set[str] = set()
    for name in ("email_address", "phone_number", "username", "web3_wallet"):
        values = query.all(name)
        if values:
            found = {user["id"] for value in values if (user := instance.user_by(name, value))}
            chosen = found if chosen is None else chosen & found
    for name, ids_of in _SIGNED.items():
        values = query.all(name)
        included = [value.removeprefix("+") for value in values if not value.startswith("-")]
        excluded.update(
            user_id for value in values if value.startswith("-") for user_id in ids_of(instance, value[1:])
        )
        if included:
            found = {user_id for value in included for user_id in ids_of(instance, value)}
            chosen = found if chosen is None else chosen & found
    if not excluded:
        return chosen
    return (chosen if chosen is not None else {user["id"] for user in instance.users}) - excluded


def _predicates(query: Query) -> Iterable[Callable[[Json], bool]]:
    text = query.one("query")
    if text:
        wanted = text.lower()
        yield lambda user: _has_text(user, wanted)
    yield from _parts(query)
    yield from _times(query)
    if query.one("banned") is not None:
        banned = query.flag("banned")
        yield lambda user: user["banned"] is banned
    provider, provider_users = query.one("provider"), query.all("provider_user_id")
    if provider or provider_users:
        if not provider:
            raise errors.form_param_missing("provider")
        if not provider_users:
            raise errors.form_param_missing("provider_user_id")
        yield lambda user: any(
            account["provider"] == provider and account["provider_user_id"] in provider_users
            for account in user["external_accounts"]
        )
    since = query.integer("last_active_at_since")
    if since is not None:
        # The document wants day precision, and its own example is midnight somewhere else than in UTC.
        if since % HOUR_MS:
            raise errors.form_param_value_invalid("last_active_at_since", "a date, without a time of day")
        yield lambda user: (user["last_active_at"] or 0) >= since


_TEXTS: dict[str, Callable[[Json], Iterable[str | None]]] = {
    "email_address_query": lambda user: (one["email_address"] for one in user["email_addresses"]),
    "phone_number_query": lambda user: (one["phone_number"] for one in user["phone_numbers"]),
    "username_query": lambda user: (user["username"],),
    "name_query": lambda user: (f"{user['first_name'] or ''} {user['last_name'] or ''}",),
}
"""What each of the filters for a part of something looks into."""


def _parts(query: Query) -> Iterable[Callable[[Json], bool]]:
    for name, texts in _TEXTS.items():
        if wanted := (query.one(name) or "").lower():
            yield partial(_contains, wanted, texts)


def _contains(wanted: str, texts: Callable[[Json], Iterable[str | None]], user: Json) -> bool:
    return any(wanted in (text or "").lower() for text in texts(user))


def _times(query: Query) -> Iterable[Callable[[Json], bool]]:
    for field in ("created_at", "last_active_at", "last_sign_in_at"):
        after, before = query.integer(f"{field}_after"), query.integer(f"{field}_before")
        if after is not None or before is not None:
            yield partial(_is_between, field, after, before)


def _is_between(field: str, after: int | None, before: int | None, user: Json) -> bool:
    # Who was never there was not there before any time either.
    at = user[field] or 0
    return at > (after or 0) and (before is None or at < before)


def _has_text(user: Json, wanted: str) -> bool:
    """Tell whether a name or an identifier contains the text, whatever its case."""
    for email in user["email_addresses"]:
        if wanted in email["email_address"]:
            return True
    first, last = user["first_name"] or "", user["last_name"] or ""
    if wanted in f"{first} {last}".lower() or wanted in user["id"].lower():
        return True
    if user["username"] and wanted in user["username"].lower():
        return True
    return any(wanted in phone["phone_number"] for phone in user["phone_numbers"]) or any(
        wanted in wallet["web3_wallet"] for wallet in user["web3_wallets"]
    )
