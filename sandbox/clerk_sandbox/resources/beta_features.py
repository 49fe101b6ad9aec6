"""What Clerk still calls beta: some of the instance's settings, and its move to another domain."""

from __future__ import annotations

from urllib.parse import urlsplit

from clerk_sandbox import errors, formats
from clerk_sandbox.resources.domains import check_name, kept_of, primary_domain
from clerk_sandbox.resources.sessions import revoke
from clerk_sandbox.routing import Answer, Call, operation
from clerk_sandbox.state import Instance, Json

BY_DEFAULT = {"from_email_address": "noreply", "session_token_template": ""}


@operation("BetaFeatures_updateInstanceSettings")
def update_instance_settings(instance: Instance, call: Call) -> Json:
    # A null goes back to the template and the sender of a new instance; of anything else it changes nothing.
    given = {key: BY_DEFAULT.get(key) if value is None else value for key, value in call.body.items()}
    changes = {key: value for key, value in given.items() if value is not None}
    template = changes.get("session_token_template")
    if template and all(known["name"] != template for known in instance.jwt_templates):
        raise errors.form_resource_not_found("session_token_template", template)
    local_part = changes.get("from_email_address")
    if local_part is not None and not (local_part.isascii() and local_part.isalnum()):
        raise errors.form_param_format_invalid(
            "from_email_address", "letters and digits only, without @ and host"
        )
    if "restricted_to_allowlist" in changes:
        changes["allowlist"] = changes.pop("restricted_to_allowlist")
    instance.settings |= changes
    settings = instance.settings
    return {
        "object": "instance_settings",
        "id": instance.id,
        "restricted_to_allowlist": settings["allowlist"],
        "from_email_address": settings["from_email_address"],
        "progressive_sign_up": settings["progressive_sign_up"],
        "enhanced_email_deliverability": settings["enhanced_email_deliverability"],
    }


@operation("BetaFeatures_updateProductionInstanceDomain")
@operation("BetaFeatures_updateInstanceDomain")
def change_domain(instance: Instance, call: Call) -> Answer:
    """End every session, because its cookies belong to the old domain.

    Clerk offers this to production instances; the sandbox lets a development one rehearse it.
    """
    home_url = call.required("home_url")
    if not formats.is_web_url(home_url):
        raise errors.form_param_format_invalid("home_url", "a URL such as https://www.example.com")
    name = kept_of(urlsplit(home_url).hostname or "", is_secondary=bool(call.given("is_secondary")))
    primary = primary_domain(instance)
    check_name(instance, name, param="home_url", renamed=primary)
    primary["name"] = name
    for session in instance.sessions:
        if session["status"] == "active":
            revoke(instance, session)
    return Answer(202)
