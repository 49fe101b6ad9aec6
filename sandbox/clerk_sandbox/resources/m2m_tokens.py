"""Tokens of machines. With an instance's key, as here, they are made for the first machine that there is."""

from __future__ import annotations

import hashlib

from clerk_sandbox import errors
from clerk_sandbox.collection import Collection
from clerk_sandbox.resources import machines
from clerk_sandbox.resources.machines import MACHINES, named
from clerk_sandbox.routing import Answer, Call, operation
from clerk_sandbox.state import Instance, Json

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
    """The sandbox knows one key, the instance's: the newest machine stands for the one that asks."""
    machine = next(iter(MACHINES.records(instance)), None)
    if machine is None:
        raise errors.not_found("machine", "of this key")
    now = instance.clock()
    if good_for := call.given("min_remaining_ttl_seconds"):
        for token in TOKENS.records(instance):
            lasts = token["expiration"] is None or token["expiration"] - now >= good_for * 1000
            if token["subject"] == machine["id"] and _is_valid(instance, token) and lasts:
                return Answer(201, token)
    seconds = call.given("seconds_until_expiration")
    lifetime = machine["default_token_ttl"] if seconds is None else seconds
    # Scopes bound a token: it is good for the machines that its own may call.
    form = "eyJ.sandbox." if call.given("token_format") == "jwt" else "mt_sandbox_"
    token = TOKENS.new(
        instance,
        subject=machine["id"],
        claims=call.given("claims"),
        scopes=list(machine["scopes"]),
        token=form + instance.new_secret(32),
        expiration=now + lifetime * 1000,
    )
    return Answer(201, token)


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
        if token["subject"] == subject and shown:
            found.append(token)
    return {"m2m_tokens": [TOKENS.answer(one) for one in call.one_page(found)], "total_count": len(found)}


@operation("revokeM2MToken")
def revoke_token(instance: Instance, call: Call) -> Json:
    token = TOKENS.found(instance, call)
    token |= {
        "revoked": True,
        "revocation_reason": call.given("revocation_reason"),
        "updated_at": instance.clock(),
    }
    return TOKENS.answer(token)


@operation("verifyM2MToken")
def verify_token(instance: Instance, call: Call) -> Json:
    for token in TOKENS.records(instance):
        if token["token"] == call.body["token"] and _is_valid(instance, token):
            token["last_used_at"] = instance.clock()
            return TOKENS.answer(token)
    raise errors.not_found("M2M token", hashlib.sha256(call.body["token"].encode()).hexdigest()[:8])


DEMO_TOKEN = "mt_sandbox_demo"  # noqa: S105 a made-up one

NAMED = {"an M2M token's value": lambda _: DEMO_TOKEN}


def seed_demo(instance: Instance) -> None:
    """Three tokens of the mailer: one that was revoked, one that has expired, and a good one."""
    machines.seed_demo(instance)
    mailer = named(instance, "mailer")
    TOKENS.new(instance, subject=mailer, revoked=True)
    TOKENS.new(instance, subject=mailer, expiration=1)
    TOKENS.new(instance, subject=mailer, token=DEMO_TOKEN)
