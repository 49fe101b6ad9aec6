"""API keys: issued for a user or an organization, verified by their secret, revoked, deleted."""

from __future__ import annotations

import hashlib

from clerk_sandbox import errors
from clerk_sandbox.collection import Collection
from clerk_sandbox.routing import Call, Query, operation
from clerk_sandbox.state import Instance, Json

KEYS = Collection(
    "api_key",
    prefix="ak",
    called="API key",
    fields={
        "type": "api_key",
        "subject": "",
        "name": "",
        "description": None,
        "claims": None,
        "scopes": [],
        "secret": "",
        "revoked": False,
        "revocation_reason": None,
        "expired": False,
        "expiration": None,
        "created_by": None,
        "last_used_at": None,
    },
    hidden=("secret",),
)


def _complete(instance: Instance, key: Json, call: Call) -> None:
    if key["subject"] not in instance.users and key["subject"] not in instance.organizations:
        raise errors.not_found("subject", key["subject"])
    _expire(instance, key, call)


def _expire(instance: Instance, key: Json, call: Call) -> None:
    seconds = call.given("seconds_until_expiration")
    if seconds is not None:
        key["expiration"] = instance.clock() + int(seconds) * 1000


def _is_valid(instance: Instance, key: Json) -> bool:
    key["expired"] = key["expiration"] is not None and key["expiration"] <= instance.clock()
    return not key["revoked"] and not key["expired"]


@operation("createApiKey")
def create_key(instance: Instance, call: Call) -> Json:
    given = {name: value for name, value in call.body.items() if name != "seconds_until_expiration"}
    key = {**KEYS.fields, "scopes": [], **given}
    _complete(instance, key, call)
    key["secret"] = f"ak_sandbox_{instance.new_secret(32)}"
    # The one time that the secret is shown with the key.
    return KEYS.new(instance, **key)


def _wanted(key: Json, query: Query) -> bool:
    return query.one("include_invalid") == "true" or not (key["revoked"] or key["expired"])


@operation("getApiKeys")
def list_keys(instance: Instance, call: Call) -> Json:
    subject, text = call.query.one("subject"), (call.query.one("query") or "").casefold()
    kind = call.query.one("type") or "api_key"
    if not subject:
        raise errors.form_param_missing("subject")
    found = []
    for key in KEYS.records(instance):
        _is_valid(instance, key)
        if key["subject"] == subject and key["type"] == kind and text in key["name"].casefold():
            found += [key] if _wanted(key, call.query) else []
    return {"data": [KEYS.answer(key) for key in call.one_page(found)], "total_count": len(found)}


KEYS.gets("getApiKey")
KEYS.updates("updateApiKey", then=_expire, unused={"seconds_until_expiration": ""})
KEYS.deletes("deleteApiKey")


@operation("getApiKeySecret")
def show_secret(instance: Instance, call: Call) -> Json:
    return {"secret": KEYS.found(instance, call)["secret"]}


@operation("revokeApiKey")
def revoke_key(instance: Instance, call: Call) -> Json:
    key = KEYS.found(instance, call)
    key |= {
        "revoked": True,
        "revocation_reason": call.given("revocation_reason"),
        "updated_at": instance.clock(),
    }
    return KEYS.answer(key)


@operation("verifyApiKey")
def verify_key(instance: Instance, call: Call) -> Json:
    """Return a key that was revoked or has expired is not known any more."""
    for key in KEYS.records(instance):
        if key["secret"] == call.body["secret"] and _is_valid(instance, key):
            key["last_used_at"] = instance.clock()
            return KEYS.answer(key)
    raise errors.not_found("API key", hashlib.sha256(call.body["secret"].encode()).hexdigest()[:8])


def seed_demo(instance: Instance) -> None:
    """Return a key of a user's, and one of an organization's that was revoked."""
    nadia = instance.user_by("email_address", "nadia.brandt@fernhill.example")
    if nadia is None:
        return
    organization = next(iter(instance.organizations))["id"]
    KEYS.new(instance, subject=organization, name="old integration", revoked=True)
    hers: Json = {"subject": nadia["id"], "name": "reporting", "scopes": ["read"]}
    KEYS.new(instance, **hers, revoked=True)
    KEYS.new(instance, **hers, claims={"tier": "gold"}, secret=DEMO_SECRET)


DEMO_SECRET = "ak_sandbox_demo"  # noqa: S105 a made-up one

NAMED = {
    "an API key's secret": lambda _: DEMO_SECRET,
    "the old API key": lambda instance: next(key["id"] for key in KEYS.records(instance) if key["revoked"]),
}
