"""Tokens of machines: made with a machine's own key, or with the instance's for the newest machine."""

from __future__ import annotations

import hashlib

from clerk_sandbox import errors
from clerk_sandbox.collection import Collection
from clerk_sandbox.resources import machines
from clerk_sandbox.resources.machines import MACHINES, named
from clerk_sandbox.routing import Answer, Call, operation
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.tokens import machine_token

TOKENS = Collection(
    "machine_to_machine_token",
    prefix="mt",
    called="M2M token",
    table="m2m_tokens",
    fields={
        "subject": "",
        "claims": None,
        "scopes": [],
        "token": "",
        "revoked": False,
        "revocation_reason": None,
        "expired": False,
        "expiration": None,
        "last_used_at": None,
    },
    hidden=("token",),
)


def _is_valid(instance: Instance, token: Json) -> bool:
    token["expired"] = token["expiration"] is not None and token["expiration"] <= instance.clock()
    return not token["revoked"] and not token["expired"]


@operation("createM2MToken")
def create_token(instance: Instance, call: Call) -> Answer:
    """Clerk wants a machine's own key here; with the instance's, the newest machine stands for it."""
    machine = call.machine or next(iter(MACHINES.records(instance)), None)
    if machine is None:
        raise errors.not_found("machine", "of this key")
    now = instance.clock()
    if good_for := call.given("min_remaining_ttl_seconds"):
        for token in TOKENS.records(instance):
            lasts = token["expiration"] is None or token["expiration"] - now >= good_for * 1000
            alike = (token["subject"], token["claims"], token["scopes"]) == (
                machine["id"],
                call.given("claims"),
                machine["scopes"],
            )
            if alike and lasts and _is_valid(instance, token) and not _is_jwt(token):
                return Answer(201, token)
    seconds = call.given("seconds_until_expiration")
    lifetime = machine["default_token_ttl"] if seconds is None else seconds
    # Scopes bound a token: it is good for the machines that its own may call.
    token = TOKENS.new(
        instance,
        subject=machine["id"],
        claims=call.given("claims"),
        scopes=list(machine["scopes"]),
        token=f"mt_sandbox_{instance.new_secret(32)}",
        expiration=now + int(lifetime) * 1000,
    )
    if call.given("token_format") == "jwt":
        token["token"] = machine_token(instance, token)
    return Answer(201, token)


def _is_jwt(token: Json) -> bool:
    """Clerk keeps no JWTs: they are kept here to be verified, but neither listed nor revoked."""
    return bool(token["token"].startswith("eyJ"))


@operation("getM2MTokens")
def list_tokens(instance: Instance, call: Call) -> Json:
    subject = call.query.one("subject")
    if not subject:
        raise errors.form_param_missing("subject")
    found = []
    for token in TOKENS.records(instance):
        _is_valid(instance, token)
        shown = (call.query.flag("revoked") or not token["revoked"]) and (
            call.query.flag("expired") or not token["expired"]
        )
        theirs = call.machine is None or token["subject"] == call.machine["id"]
        if token["subject"] == subject and shown and theirs and not _is_jwt(token):
            found.append(token)
    return {"m2m_tokens": [TOKENS.answer(one) for one in call.one_page(found)], "total_count": len(found)}


@operation("revokeM2MToken")
def revoke_token(instance: Instance, call: Call) -> Json:
    token = TOKENS.found(instance, call)
    if _is_jwt(token) or (call.machine and token["subject"] != call.machine["id"]):
        raise errors.not_found("M2M token", token["id"])
    token |= {
        "revoked": True,
        "revocation_reason": call.given("revocation_reason"),
        "updated_at": instance.clock(),
    }
    return TOKENS.answer(token)


@operation("verifyM2MToken")
def verify_token(instance: Instance, call: Call) -> Json:
    for token in TOKENS.records(instance):
        granted = call.machine is None or call.machine["id"] in token["scopes"]
        if token["token"] == call.body["token"] and _is_valid(instance, token) and granted:
            token["last_used_at"] = instance.clock()
            return TOKENS.answer(token)
    raise errors.not_found("M2M token", hashlib.sha256(call.body["token"].encode()).hexdigest()[:8])


DEMO_TOKEN = "mt_sandbox_demo"  # noqa: S105 a made-up one

NAMED = {"an M2M token's value": lambda _: DEMO_TOKEN}


def seed_demo(instance: Instance) -> None:
    """Return three tokens of the mailer: one that was revoked, one that has expired, and a good one."""
    machines.seed_demo(instance)
    mailer = named(instance, "mailer")
    TOKENS.new(instance, subject=mailer, revoked=True)
    TOKENS.new(instance, subject=mailer, expiration=1)
    TOKENS.new(instance, subject=mailer, token=DEMO_TOKEN)
