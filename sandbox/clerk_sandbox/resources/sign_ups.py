"""Sign-ups: people on their way to becoming users."""

from clerk_sandbox import errors
from clerk_sandbox.answers import found
from clerk_sandbox.resources.users import check_unique_name
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json


def make_sign_up(instance: Instance, email_address: str, created_at: int) -> Json:
    """Return a sign-up that waits for the email address to be verified, not stored yet."""
    return {
        "object": "sign_up_attempt",
        # Nothing tells what prefix the live service uses here.
        "id": instance.new_id("sua"),
        "status": "missing_requirements",
        "required_fields": ["email_address", "password"],
        "optional_fields": ["first_name", "last_name", "username"],
        "missing_fields": [],
        "unverified_fields": ["email_address"],
        "verifications": {
            "email_address": {"next_action": "needs_attempt", "supported_strategies": ["email_code"]},
            "phone_number": {"next_action": "", "supported_strategies": []},
            "web3_wallet": {"next_action": "", "supported_strategies": []},
            "external_account": None,
        },
        "username": None,
        "email_address": email_address,
        "phone_number": None,
        "web3_wallet": None,
        "password_enabled": True,
        "first_name": None,
        "last_name": None,
        "unsafe_metadata": {},
        "public_metadata": {},
        "custom_action": False,
        "external_id": None,
        "created_session_id": None,
        "created_user_id": None,
        "abandon_at": created_at + 24 * 3600 * 1000,
        "legal_accepted_at": None,
        "created_at": created_at,
    }


@operation("Signups_updateSignUpById")
def update_sign_up(instance: Instance, call: Call) -> Json:
    sign_up = found(instance.sign_ups, "sign-up", call.path["id"])
    if sign_up["status"] != "missing_requirements":
        raise errors.authorization_invalid(f"The sign-up is {sign_up['status']} and cannot change any more.")
    check_unique_name(instance, "external_id", call.given("external_id"))
    if call.given("custom_action") is not None:
        sign_up["custom_action"] = call.given("custom_action")
    if "external_id" in call.body:
        sign_up["external_id"] = call.given("external_id") or None
    return sign_up


@operation("GetSignUp")
def get_sign_up(instance: Instance, call: Call) -> Json:
    return found(instance.sign_ups, "sign-up", call.path["id"])
