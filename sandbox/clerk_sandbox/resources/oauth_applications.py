"""OAuth applications: clients that sign people in through this instance."""

from __future__ import annotations

from typing import Any

from clerk_sandbox import errors, formats
from clerk_sandbox.answers import data_page, deleted, found, ordered
from clerk_sandbox.images import check_image, image_address
from clerk_sandbox.plan import require_enabled
from clerk_sandbox.resources.domains import frontend_api_url
from clerk_sandbox.resources.oauth_access_tokens import GRANTS, remove_grants
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

SCOPES = ("profile", "email", "public_metadata", "private_metadata", "openid", "offline_access")
DEFAULT_SCOPES = "profile email"


def add_oauth_application(
    instance: Instance, name: str, callback_url: str, *, scopes: str = DEFAULT_SCOPES, public: bool = False
) -> Json:
    """Store an application, and its secret apart from it."""
    base = frontend_api_url(instance)
    now = instance.clock()
    application = instance.oauth_applications.add(
        {
            "object": "oauth_application",
            "id": instance.new_id("oa"),
            "instance_id": instance.id,
            "name": name,
            "client_id": instance.new_secret(16),
            "client_uri": None,
            "client_image_url": None,
            "dynamically_registered": False,
            "consent_screen_enabled": True,
            # Without a secret, only a proof key says that it is the same client.
            "pkce_required": public,
            "public": public,
            "scopes": scopes,
            "redirect_uris": [callback_url],
            "callback_url": callback_url,
            "authorize_url": f"{base}/oauth/authorize",
            "token_fetch_url": f"{base}/oauth/token",
            "user_info_url": f"{base}/oauth/userinfo",
            "discovery_url": f"{base}/.well-known/openid-configuration",
            "token_introspection_url": f"{base}/oauth/token_info",
            "created_at": now,
            "updated_at": now,
        }
    )
    _new_client_secret(instance, application)
    return application


@operation("OAuthApplications_listSortedByDescendingCreationDate")
def list_oauth_applications(instance: Instance, call: Call) -> Json:
    require_enabled(instance, "oauth_applications")
    wanted = (call.query.one("name_query") or "").lower()
    matching = [
        one
        for one in instance.oauth_applications
        if wanted in one["name"].lower() or wanted == one["client_id"].lower()
    ]
    return data_page(call, ordered(call, matching, {"name": lambda one: one["name"].lower()}, "+created_at"))


@operation("OAuthApplications_createNewApplication")
def create_oauth_application(instance: Instance, call: Call) -> Json:
    require_enabled(instance, "oauth_applications")
    call.required("name")
    if not call.given("redirect_uris"):
        call.required("callback_url")
    given = _checked(call.body)
    known = {name: given.pop(name) for name in ("scopes", "public") if name in given}
    application = add_oauth_application(instance, given.pop("name"), given["callback_url"], **known)
    application |= given
    return _with_client_secret(instance, application)


@operation("OAuthApplications_getById")
def get_oauth_application(instance: Instance, call: Call) -> Json:
    require_enabled(instance, "oauth_applications")
    return found(instance.oauth_applications, "OAuth application", call.path["oauth_application_id"])


@operation("OAuthApplications_updateApplication")
def update_oauth_application(instance: Instance, call: Call) -> Json:
    application = get_oauth_application(instance, call)
    changes = _checked(call.body)
    if changes.get("public") and not application["public"]:
        instance.credentials[application["id"]] = {"client_secret": ""}
    application |= changes | {"updated_at": instance.clock()}
    return application


@operation("OAuthApplications_deleteById")
def delete_oauth_application(instance: Instance, call: Call) -> Json:
    application = get_oauth_application(instance, call)
    instance.credentials.pop(application["id"], None)
    remove_grants(instance, "application_id", application["id"])
    return deleted(instance.oauth_applications.remove(application["id"]))


@operation("OAuthApplications_rotateSecret")
def rotate_client_secret(instance: Instance, call: Call) -> Json:
    """Return the old secret stops working at once."""
    application = get_oauth_application(instance, call)
    _new_client_secret(instance, application)
    application["updated_at"] = instance.clock()
    return _with_client_secret(instance, application)


def _new_client_secret(instance: Instance, application: Json) -> None:
    # A public client cannot keep a secret, so it gets the empty one.
    secret = "" if application["public"] else instance.new_secret()
    instance.credentials[application["id"]] = {"client_secret": secret}


def _with_client_secret(instance: Instance, application: Json) -> Json:
    """Only the answers to creation and rotation have it."""
    return application | instance.credentials[application["id"]]


def _checked(body: Json) -> dict[str, Any]:
    given = {key: value for key, value in body.items() if value is not None}
    if given.get("name") == "":
        raise errors.form_param_missing("name")
    if "callback_url" in given and not formats.is_url(given["callback_url"]):
        raise errors.form_param_format_invalid("callback_url", "an absolute URL of any scheme")
    uris = given.setdefault("redirect_uris", [given["callback_url"]] if "callback_url" in given else [])
    if any(not formats.is_url(uri) for uri in uris):
        raise errors.form_param_format_invalid("redirect_uris", "absolute URLs of any scheme")
    if uris:
        given.setdefault("callback_url", uris[0])
    else:
        del given["redirect_uris"]
    if "scopes" in given:
        scopes = given["scopes"].split()
        if not scopes or any(scope not in SCOPES for scope in scopes):
            raise errors.form_param_value_invalid(
                "scopes", f"made of {', '.join(SCOPES)}, with spaces between"
            )
        given["scopes"] = " ".join(scopes)
    return given


@operation("UploadOAuthApplicationLogo")
def upload_logo(instance: Instance, call: Call) -> Json:
    application = get_oauth_application(instance, call)
    uploader = call.body.get("uploader_user_id")
    if uploader and uploader not in instance.users:
        raise errors.not_found("user", uploader)
    check_image(call.upload().content)
    now = instance.clock()
    address = image_address(f'{{"type":"logo","rid":"{application["id"]}","version":{now}}}')
    application |= {"client_image_url": address, "updated_at": now}
    return application


@operation("RevokeOAuthApplicationToken")
def revoke_token(instance: Instance, call: Call) -> None:
    """Either token revokes its grant, and so the other one."""
    application, token = get_oauth_application(instance, call), call.required("token")
    for grant in GRANTS.records(instance):
        running = grant["application_id"] == application["id"] and not grant["revoked"]
        if running and token in (grant["access_token"], grant["refresh_token"]):
            grant |= {"revoked": True, "updated_at": instance.clock()}
            return
    raise errors.form_param_value_invalid("token", "an access or refresh token of this application")
