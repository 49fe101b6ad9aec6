"""Actor tokens: a link that lets one user act as another, for an hour unless told otherwise."""

from clerk_sandbox import errors
from clerk_sandbox.answers import found
from clerk_sandbox.plan import require_in_plan
from clerk_sandbox.resources.sign_in_tokens import check_lifetime
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json


def make_actor_token(instance: Instance, user_id: str, actor: Json, created_at: int) -> Json:
    """Return a pending token, not stored yet; the secret itself is only ever in the answer to its
    creation."""
    return {
        "object": "actor_token",
        "id": instance.new_id("act"),
        "user_id": user_id,
        "actor": actor,
        "status": "pending",
        "created_at": created_at,
        "updated_at": created_at,
    }


@operation("ActorTokens_createToken")
def create_actor_token(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "impersonation")
    user_id, actor = call.body["user_id"], call.body["actor"]
    if not isinstance(actor.get("sub"), str) or not actor["sub"]:
        raise errors.form_param_missing("actor.sub")
    for name in ("expires_in_seconds", "session_max_duration_in_seconds"):
        check_lifetime(call, name)
    if user_id not in instance.users:
        raise errors.form_resource_not_found("user_id", user_id)
    token = instance.actor_tokens.add(make_actor_token(instance, user_id, actor, instance.clock()))
    secret = instance.new_secret(64)
    url = f"https://accounts.sandbox.example/sign-in?__clerk_ticket={secret}"
    return {**token, "token": secret, "url": url}


@operation("ActorTokens_revokeToken")
def revoke_actor_token(instance: Instance, call: Call) -> Json:
    token = found(instance.actor_tokens, "actor token", call.path["actor_token_id"])
    if token["status"] != "pending":
        raise errors.actor_token_cannot_be_revoked(token["status"])
    token |= {"status": "revoked", "updated_at": instance.clock()}
    return token
