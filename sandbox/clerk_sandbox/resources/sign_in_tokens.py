"""Sign-in tokens: a link that signs one user in, once, for 30 days unless told otherwise."""

from clerk_sandbox import errors
from clerk_sandbox.answers import found
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

LIFETIME_S = 30 * 24 * 3600


def make_sign_in_token(instance: Instance, user_id: str, created_at: int) -> Json:
    """Return a pending token, not stored yet; the secret itself is only ever in the answer to its
    creation."""
    return {
        "object": "sign_in_token",
        "id": instance.new_id("sit"),
        "user_id": user_id,
        "status": "pending",
        "created_at": created_at,
        "updated_at": created_at,
    }


@operation("SigninTokens_createToken")
def create_sign_in_token(instance: Instance, call: Call) -> Json:
    user_id = call.required("user_id")
    check_lifetime(call, "expires_in_seconds")
    found(instance.users, "user", user_id)
    organization_id = call.given("org_id")
    if organization_id and not instance.membership(organization_id, user_id):
        raise errors.form_resource_not_found("org_id", organization_id)
    token = instance.sign_in_tokens.add(make_sign_in_token(instance, user_id, instance.clock()))
    secret = instance.new_secret(64)
    url = f"https://accounts.sandbox.example/sign-in?__clerk_ticket={secret}"
    return {**token, "token": secret, "url": url}


def check_lifetime(call: Call, name: str) -> None:
    seconds = call.given(name)
    if seconds is not None and seconds < 1:
        raise errors.form_param_value_invalid(name, "at least 1")


@operation("SigninTokens_revokeToken")
def revoke_sign_in_token(instance: Instance, call: Call) -> Json:
    token = found(instance.sign_in_tokens, "sign-in token", call.path["sign_in_token_id"])
    if token["status"] != "pending":
        raise errors.sign_in_token_cannot_be_revoked(token["status"])
    token |= {"status": "revoked", "updated_at": instance.clock()}
    return token
