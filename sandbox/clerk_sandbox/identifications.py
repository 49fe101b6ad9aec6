"""What email addresses and phone numbers have in common."""

from clerk_sandbox import errors
from clerk_sandbox.answers import found
from clerk_sandbox.collection import Collection
from clerk_sandbox.resources.organization_domains import enrol
from clerk_sandbox.resources.users import check_identification
from clerk_sandbox.routing import Call
from clerk_sandbox.state import Instance, Json, plural
from clerk_sandbox.user_records import (
    VERIFIED_BY_ADMIN,
    identification_count,
    is_verified,
    make_identification,
)


def find_identification(instance: Instance, call: Call, name: str) -> tuple[Json, Json]:
    """Return the user and the identification whose id stands in the path.

    Raises:
        ClerkError: 404.
    """
    identification_id = call.path[f"{name}_id"]
    user = instance.users.get(instance.owners.get(identification_id, ""))
    for identification in user[plural(name)] if user else ():
        if user and identification["id"] == identification_id:
            return user, identification
    raise errors.not_found(name.replace("_", " "), identification_id)


def create_identification(instance: Instance, call: Call, name: str) -> tuple[Json, Json]:
    """Add an identification to the user that the body names. A verified one is primary if it is the first.

    Raises:
        ClerkError: something is missing, malformed or taken, or an unverified one is to be primary.
    """
    user_id, value = call.required("user_id"), call.required(name)
    user = instance.users.get(user_id)
    if user is None:
        raise errors.not_found("user", user_id)
    check_identification(instance, name, value)
    verified = call.given("verified") is True
    if not verified:
        check_needs_verified(call)
    identification = make_identification(
        name, instance.new_id("idn"), value, instance.clock(), verified=verified
    )
    instance.attach(user, name, identification)
    if call.given("primary") or (verified and user[f"primary_{name}_id"] is None):
        user[f"primary_{name}_id"] = identification["id"]
    user["updated_at"] = instance.clock()
    enrol(instance, user)
    return user, identification


def update_identification(instance: Instance, call: Call, name: str) -> tuple[Json, Json]:
    """Change whether an identification is verified and primary.

    Raises:
        ClerkError: an unverified one would be primary.
    """
    user, identification = find_identification(instance, call, name)
    verified = call.given("verified")
    if verified is None:
        verified = is_verified(identification)
    is_primary = user[f"primary_{name}_id"] == identification["id"]
    if not verified:
        check_needs_verified(call)
        if is_primary:
            raise errors.form_param_value_invalid("verified", "true for a primary identification")
    if verified != is_verified(identification):
        identification["verification"] = VERIFIED_BY_ADMIN if verified else None
    if call.given("primary"):
        user[f"primary_{name}_id"] = identification["id"]
    user["updated_at"] = identification["updated_at"] = instance.clock()
    enrol(instance, user)
    return user, identification


def check_needs_verified(call: Call) -> None:
    """Refuse what an unverified identification cannot be."""
    for role in ("primary", "reserved_for_second_factor"):
        if call.given(role):
            raise errors.form_param_value_invalid(role, "left out or false while it is not verified")


def delete_identification(instance: Instance, call: Call, name: str) -> Json:
    """Delete an identification; where it was primary, the next verified one takes its place.

    Raises:
        ClerkError: it is the last one the user has.
    """
    user, identification = find_identification(instance, call, name)
    if identification_count(user) == 1:
        raise errors.identification_deletion_failed()
    instance.detach(user, name, identification)
    if user[f"primary_{name}_id"] == identification["id"]:
        verified = (other["id"] for other in user[plural(name)] if is_verified(other))
        user[f"primary_{name}_id"] = next(verified, None)
    user["updated_at"] = instance.clock()
    return identification


# Codes

CODE = "424242"
"""Every code of the sandbox, as of Clerk's test addresses."""
CODE_LIFETIME_MS = 10 * 60 * 1000
MOST_ATTEMPTS = 3
CODES = Collection(
    "code_verification",
    prefix="ver",
    called="verification",
    fields={
        "identification_id": "",
        "status": "unverified",
        "strategy": "",
        "attempts": 0,
        "expire_at": 0,
        "channel": None,
    },
    hidden=("identification_id",),
)


def send_code(instance: Instance, name: str, identification: Json) -> Json:
    """Begin a verification; nothing is sent."""
    return CODES.new(
        instance,
        identification_id=identification["id"],
        strategy="phone_code" if name == "phone_number" else "email_code",
        channel="sms" if name == "phone_number" else None,
        expire_at=instance.clock() + CODE_LIFETIME_MS,
    )


def prepare_verification(instance: Instance, call: Call, name: str) -> Json:
    _, identification = find_identification(instance, call, name)
    return CODES.answer(send_code(instance, name, identification))


def attempt_verification(instance: Instance, call: Call, name: str) -> Json:
    """Return a wrong or late code shows in the status; a right one also verifies what it was sent to."""
    user, identification = find_identification(instance, call, name)
    sent = CODES.records(instance).get(call.body["verification_id"])
    if sent is None or sent["identification_id"] != identification["id"]:
        raise errors.not_found("verification", call.body["verification_id"])
    if sent["status"] == "verified":
        raise errors.verification_already_verified()
    sent["attempts"] += 1
    if sent["expire_at"] <= instance.clock():
        sent["status"] = "expired"
    elif sent["status"] != "failed" and call.body["code"] == CODE:
        sent["status"] = "verified"
        _verify(instance, user, identification, sent)
    elif sent["attempts"] >= MOST_ATTEMPTS:
        sent["status"] = "failed"
    return CODES.answer(sent)


def _verify(instance: Instance, user: Json, identification: Json, sent: Json) -> None:
    if is_verified(identification):
        return
    kept = {name: sent[name] for name in ("status", "strategy", "attempts", "expire_at")}
    identification["verification"] = {"object": "verification_otp", **kept}
    user["updated_at"] = identification["updated_at"] = instance.clock()
    enrol(instance, user)


def replace_identification(instance: Instance, call: Call, name: str) -> Json:
    """Return one new primary identification in place of all of its kind.

    Raises:
        ClerkError: it is malformed or somebody else's, or one that goes is linked to a connected account.
    """
    user, value = found(instance.users, "user", call.path["user_id"]), call.required(name)
    mine = next((one for one in user[plural(name)] if one[name] == value.lower()), None)
    if mine is None:
        check_identification(instance, name, value)
    if any(one["linked_to"] for one in user[plural(name)]):
        raise errors.form_param_value_invalid(name, "replaced after the connected account is removed")
    status = call.given("identification_status") or "verified"
    for one in list(user[plural(name)]):
        instance.detach(user, name, one)
    new = make_identification(
        name, instance.new_id("idn"), value, instance.clock(), verified=status == "verified"
    )
    new["reserved"] = status == "reserved"
    instance.attach(user, name, new)
    user[f"primary_{name}_id"] = new["id"]
    user["updated_at"] = instance.clock()
    enrol(instance, user)
    return new


def id_of_code(demo: Instance, strategy: str) -> str:
    return next(str(one["id"]) for one in CODES.records(demo) if one["strategy"] == strategy)
