"""Users: who they are, how they sign in, and what is known about them."""

from collections.abc import Callable
from datetime import datetime

from clerk_sandbox import errors, formats, metadata, passwords, totp
from clerk_sandbox.answers import bare_page, data_page, deleted, found
from clerk_sandbox.collection import Collection, Parent
from clerk_sandbox.images import check_image
from clerk_sandbox.plan import require_enabled, require_in_plan
from clerk_sandbox.resources.oauth_access_tokens import remove_grants
from clerk_sandbox.resources.organization_domains import enrol
from clerk_sandbox.resources.organization_memberships import membership_answer
from clerk_sandbox.resources.sessions import revoke_sessions
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json, identifier_key, plural
from clerk_sandbox.user_filters import after_cursor, in_order, matching_users
from clerk_sandbox.user_records import (
    ATTEMPTS,
    identification_count,
    image_url,
    is_verified,
    make_user,
)

METADATA = ("public_metadata", "private_metadata", "unsafe_metadata")
LATER_PROFILE = (
    "locale",
    "timezone",
    "delete_self_enabled",
    "create_organization_enabled",
    "create_organizations_limit",
    "bypass_client_trust",
)
PROFILE = ("first_name", "last_name", *LATER_PROFILE)
MIN_USERNAME, MAX_USERNAME = 4, 64
MAX_NAME = 255
MAX_AT_ONCE = 50

_FORMATS: dict[str, tuple[Callable[[str], bool], str]] = {
    "email_address": (formats.is_email, "an email address"),
    "phone_number": (formats.is_phone_number, "a phone number in E.164 form, such as +12015550100"),
    "web3_wallet": (formats.is_web3_wallet, "a wallet address: 0x and 40 hexadecimal digits"),
}


def find_user(instance: Instance, call: Call) -> Json:
    """Return the user whose id stands in the path.

    Raises:
        ClerkError: 404.
    """
    return found(instance.users, "user", call.path["user_id"])


def user_answer(instance: Instance, user: Json) -> Json:
    """Return a user as they are now: locks run out by themselves, and two factors follow from the methods
    set up."""
    locked_until = instance.credentials.get(user["id"], {}).get("locked_until", 0)
    seconds = max(0, -(-(locked_until - instance.clock()) // 1000))
    locked = user["locked"] and seconds > 0
    return {
        **user,
        "two_factor_enabled": has_second_factor(user),
        "locked": locked,
        "lockout_expires_in_seconds": seconds if locked else None,
        "verification_attempts_remaining": 0 if locked else ATTEMPTS,
    }


def has_second_factor(user: Json) -> bool:
    return user["totp_enabled"] or any(phone["reserved_for_second_factor"] for phone in user["phone_numbers"])


# Reading


@operation("Users_listSortedByCreationDate")
def list_users(instance: Instance, call: Call) -> list[Json]:
    users = in_order(instance, matching_users(instance, call.query), call.query.one("order_by"))
    if cursor := call.query.one("starting_after"):
        users = after_cursor(list(instance.users) if users is None else users, call.query, cursor)
    page = call.one_page(instance.users if users is None else users)
    return [user_answer(instance, user) for user in page]


@operation("Users_getTotalCount")
def count_users(instance: Instance, call: Call) -> Json:
    users = matching_users(instance, call.query)
    return {"object": "total_count", "total_count": len(instance.users if users is None else users)}


@operation("Users_getUserDetails")
def get_user(instance: Instance, call: Call) -> Json:
    return user_answer(instance, find_user(instance, call))


@operation("Users_getOrganizationMemberships")
def list_user_memberships(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    ids = [membership["id"] for membership in instance.memberships_by_user.get(user["id"], {}).values()]
    page = data_page(call, instance.memberships.newest_first(ids))
    page["data"] = [membership_answer(instance, membership) for membership in page["data"]]
    return page


@operation("Users_getOAuthAccessToken")
def get_oauth_access_token(instance: Instance, call: Call) -> list[Json] | Json:
    user, provider = find_user(instance, call), call.path["provider"]
    if not provider.startswith("oauth_"):
        raise errors.form_param_value_invalid("provider", "a provider's id, such as oauth_google")
    tokens = instance.credentials.get(user["id"], {}).get("oauth_tokens", [])
    return bare_page(call, [token for token in tokens if token["provider"] == provider])


# Creating


@operation("Users_createNewUser")
def create_user(instance: Instance, call: Call) -> Json:
    body = call.body
    identifiers = {name: new_identifications(instance, name, body.get(name) or []) for name in _FORMATS}
    for name in ("username", "external_id"):
        check_unique_name(instance, name, body.get(name))
    check_keeping_out(instance, body)
    known = any(identifiers.values()) or body.get("username")
    if not known and not body.get("skip_user_requirement"):
        raise errors.form_data_missing([*_FORMATS, "username"])
    password = checked_password(instance, body)
    if not password and instance.settings["password_required"] and not body.get("skip_password_requirement"):
        raise errors.form_data_missing(["password"])
    check_profile(body)
    check_second_factors(body)

    created_at = moment("created_at", body.get("created_at"))
    given: Json = {name: metadata.checked(name, body.get(name)) for name in METADATA}
    given |= {name: body.get(name) or None for name in ("first_name", "last_name", "username", "external_id")}
    given |= {name: body[name] for name in LATER_PROFILE if body.get(name) is not None}
    given["legal_accepted_at"] = moment("legal_accepted_at", body.get("legal_accepted_at"))
    reserved = {name: reserved_among(body, name) for name in ("email_address", "phone_number")}
    user = make_user(instance, instance.clock() if created_at is None else created_at, **identifiers, **given)
    for name, places in reserved.items():
        reserve(user, name, places)
    instance.add_user(user)
    keep_out(instance, user, body)
    set_password(instance, user, password)
    set_second_factors(instance, user, body)
    enrol(instance, user)
    return user_answer(instance, user)


def check_keeping_out(instance: Instance, body: Json) -> None:
    """Whoever is created banned or locked needs what banning and locking need."""
    if body.get("banned"):
        require_in_plan(instance, "ban")
    if body.get("locked"):
        require_enabled(instance, "user_lockout")


def keep_out(instance: Instance, user: Json, body: Json) -> None:
    """Ban or lock a new user from the start."""
    user["banned"] = bool(body.get("banned"))
    if body.get("locked"):
        until = instance.clock() + instance.settings["user_lockout_duration_s"] * 1000
        instance.credentials.setdefault(user["id"], {})["locked_until"] = until
        user["locked"] = True


def reserved_among(body: Json, name: str) -> set[int]:
    """Return the places of the identifiers that are to be reserved: theirs, not verified, and good for
    signing in.

    Raises:
        ClerkError: there is not one status for each identifier.
    """
    statuses = body.get(f"{name}_identification_status") or []
    if statuses and len(statuses) != len(body.get(name) or []):
        raise errors.form_param_value_invalid(f"{name}_identification_status", f"as long as {name}")
    return {place for place, status in enumerate(statuses) if status == "reserved"}


def reserve(user: Json, name: str, places: set[int]) -> None:
    for place, identification in enumerate(user[plural(name)]):
        if place in places:
            identification |= {"verification": None, "reserved": True}


def new_identifications(instance: Instance, name: str, values: list[str]) -> list[str]:
    """Return the values to be given to a user, once each; refused where one is malformed or taken."""
    for value in values:
        check_identification(instance, name, value)
    return list(dict.fromkeys(identifier_key(name, value) for value in values))


def check_identification(instance: Instance, name: str, value: str) -> None:
    """
    Raises:
        ClerkError: the value is malformed, or somebody has it.
    """
    well_formed, expected = _FORMATS[name]
    if not well_formed(value):
        raise errors.form_param_format_invalid(name, expected)
    if instance.user_by(name, value):
        raise errors.identifier_exists(name)


def check_unique_name(instance: Instance, name: str, value: str | None, user: Json | None = None) -> None:
    """Refuse a username or external_id that is malformed or somebody else's."""
    if not value:
        return
    if name == "username" and not is_username(value):
        raise errors.form_param_format_invalid(
            name, f"{MIN_USERNAME} to {MAX_USERNAME} letters, digits, underscores and dashes"
        )
    owner = instance.user_by(name, value)
    if owner and owner is not user:
        raise errors.identifier_exists(name)


def is_username(value: str) -> bool:
    letters = value.replace("_", "").replace("-", "")
    return MIN_USERNAME <= len(value) <= MAX_USERNAME and letters.isascii() and letters.isalnum()


def check_profile(body: Json) -> None:
    for name in ("first_name", "last_name"):
        if len(body.get(name) or "") > MAX_NAME:
            raise errors.too_large(name, f"{MAX_NAME} characters")


def moment(name: str, value: str | None) -> int | None:
    """Return an RFC 3339 date and time as Unix milliseconds.

    Raises:
        ClerkError: it is none.
    """
    if value is None:
        return None
    try:
        # fromisoformat alone takes weeks, dates without dashes and times without seconds as well.
        parsed = datetime.fromisoformat(value) if formats.is_date_time(value) else None
    except ValueError:
        parsed = None
    if parsed is None:
        raise errors.form_param_format_invalid(
            name, "an RFC 3339 date and time, such as 2024-10-20T07:15:20.902Z"
        )
    return round(parsed.timestamp() * 1000)


# Passwords


def checked_password(instance: Instance, body: Json) -> dict[str, str] | None:
    """Return the password or digest of a request in the form in which it is kept; None where there is
    neither."""
    password, digest, hasher = body.get("password"), body.get("password_digest"), body.get("password_hasher")
    if digest:
        if password:
            raise errors.form_param_value_invalid("password_digest", "left out where a password is given")
        if not hasher:
            raise errors.form_param_missing("password_hasher")
        passwords.check_digest_form(hasher, digest)
        return {"hasher": hasher, "digest": digest}
    if hasher:
        raise errors.form_param_missing("password_digest")
    if password is None:
        return None
    if not body.get("skip_password_checks"):
        passwords.check_strength(password, breaches_too=instance.settings["hibp"])
    return passwords.keep(password, salt=instance.new_secret(16))


def set_password(instance: Instance, user: Json, password: dict[str, str] | None) -> None:
    if password:
        user["requires_password_reset"] = False
        instance.credentials.setdefault(user["id"], {})["password"] = password
        user["password_enabled"] = True
        user["password_last_updated_at"] = instance.clock()


@operation("Users_verifyPassword")
def verify_password(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    kept = instance.credentials.get(user["id"], {}).get("password")
    if not kept:
        raise errors.no_password_set()
    if not passwords.matches(call.body["password"], kept["hasher"], kept["digest"]):
        raise errors.incorrect_password()
    return {"verified": True}


# Second factors


def check_second_factors(body: Json) -> None:
    if body.get("totp_secret") is None:
        return
    try:
        totp.key_of(body["totp_secret"])
    except ValueError:
        raise errors.form_param_format_invalid("totp_secret", "base32") from None


def set_second_factors(instance: Instance, user: Json, body: Json) -> None:
    """Set up TOTP (SHA-1, 6 digits, 30 seconds) and backup codes, where a request brings them."""
    kept = instance.credentials.setdefault(user["id"], {})
    before = has_second_factor(user)
    if body.get("totp_secret"):
        kept["totp_secret"] = body["totp_secret"]
        user["totp_enabled"] = True
    if body.get("backup_codes") is not None:
        # A code that came as a bcrypt digest cannot be computed here, so nobody can use it up.
        kept["backup_codes"] = list(body["backup_codes"])
        user["backup_code_enabled"] = bool(kept["backup_codes"])
    note_second_factor(instance, user, before)


def note_second_factor(instance: Instance, user: Json, before: bool) -> None:
    """Keep the times at which two-factor sign-in was switched on and off."""
    if has_second_factor(user) != before:
        user["mfa_disabled_at" if before else "mfa_enabled_at"] = instance.clock()


@operation("Users_verifyTotp")
def verify_totp(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    kept = instance.credentials.get(user["id"], {})
    if not user["totp_enabled"] and not user["backup_code_enabled"]:
        raise errors.totp_disabled()
    code = call.body["code"]
    if user["totp_enabled"] and totp.matches(kept["totp_secret"], code, instance.clock() // 1000):
        return {"verified": True, "code_type": "totp"}
    if code in kept.get("backup_codes", []):
        kept["backup_codes"].remove(code)
        user["backup_code_enabled"] = bool(kept["backup_codes"])
        return {"verified": True, "code_type": "backup_code"}
    raise errors.totp_incorrect_code()


@operation("Users_disableMfa")
def disable_mfa(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    before = has_second_factor(user)
    kept = instance.credentials.get(user["id"], {})
    kept.pop("totp_secret", None)
    kept.pop("backup_codes", None)
    for phone in user["phone_numbers"]:
        phone["reserved_for_second_factor"] = phone["default_second_factor"] = False
    user["totp_enabled"] = user["backup_code_enabled"] = False
    user["updated_at"] = instance.clock()
    note_second_factor(instance, user, before)
    return {"user_id": user["id"]}


# Changing


@operation("Users_updateUserAttributes")
def update_user(instance: Instance, call: Call) -> Json:
    user, body = find_user(instance, call), call.body
    changes = checked_changes(instance, user, body)
    password = checked_password(instance, body)
    check_second_factors(body)
    created_at = moment("created_at", body.get("created_at"))

    for name in ("username", "external_id"):
        if name in body:
            instance.rename(user, name, body[name])
    user.update(changes)
    user["updated_at"] = instance.clock()
    if created_at is not None:
        instance.users.redate(user["id"], created_at)
    set_password(instance, user, password)
    if password and body.get("sign_out_of_other_sessions"):
        revoke_sessions(instance, user["id"])
    set_second_factors(instance, user, body)
    return user_answer(instance, user)


def checked_changes(instance: Instance, user: Json, body: Json) -> Json:
    """Return the fields that a PATCH sets, but username and external_id; metadata is replaced, not merged."""
    check_profile(body)
    for name in ("username", "external_id"):
        check_unique_name(instance, name, body.get(name), user)
    if "username" in body and not body["username"] and user["username"] and identification_count(user) == 1:
        raise errors.identification_deletion_failed()

    changes: Json = {name: body[name] for name in PROFILE if name in body and body[name] is not None}
    changes |= {name: None for name in ("first_name", "last_name") if name in body and not body[name]}
    changes |= {name: metadata.checked(name, body[name]) for name in METADATA if body.get(name) is not None}
    if body.get("legal_accepted_at") is not None:
        changes["legal_accepted_at"] = moment("legal_accepted_at", body["legal_accepted_at"])
    for name in _FORMATS:
        key = f"primary_{name}_id"
        if body.get(key):
            check_may_be_primary(user, name, body[key])
            changes[key] = body[key]
    if "profile_image_id" in body:
        changes |= chosen_image(user, body["profile_image_id"])
    return changes


def check_may_be_primary(user: Json, name: str, identification_id: str) -> None:
    """
    Raises:
        ClerkError: the identification is not this user's, or not verified.
    """
    key = f"primary_{name}_id"
    for identification in user[plural(name)]:
        if identification["id"] == identification_id:
            if not is_verified(identification):
                raise errors.form_param_value_invalid(key, "verified before it can be primary")
            return
    raise errors.form_resource_not_found(key, identification_id)


def chosen_image(user: Json, image_id: str | None) -> Json:
    if image_id is None:
        return image_fields(image_url(user["id"]), has_image=False)
    if not image_id.startswith("img_"):
        raise errors.form_resource_not_found("profile_image_id", image_id)
    return image_fields(f"https://img.clerk.com/{image_id}", has_image=True)


def image_fields(url: str, *, has_image: bool) -> Json:
    return {"image_url": url, "profile_image_url": url, "has_image": has_image}


@operation("Users_mergeUserMetadataAttributes")
def merge_user_metadata(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    metadata.merge_into(user, call.body, METADATA)
    user["updated_at"] = instance.clock()
    return user_answer(instance, user)


@operation("Users_setProfileImage")
def set_profile_image(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    check_image(call.upload().content)
    user.update(image_fields(image_url(user["id"], instance.clock()), has_image=True))
    user["updated_at"] = instance.clock()
    return user_answer(instance, user)


@operation("Users_deleteProfileImage")
def delete_profile_image(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    user.update(image_fields(image_url(user["id"]), has_image=False))
    user["updated_at"] = instance.clock()
    return user_answer(instance, user)


# Keeping out


@operation("Users_markBanned")
def ban_user(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "ban")
    user = find_user(instance, call)
    user["banned"] = True
    user["updated_at"] = instance.clock()
    revoke_sessions(instance, user["id"])
    return user_answer(instance, user)


@operation("Users_removeBanFromUser")
def unban_user(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "ban")
    user = find_user(instance, call)
    user["banned"] = False
    user["updated_at"] = instance.clock()
    return user_answer(instance, user)


@operation("Users_lockUser")
def lock_user(instance: Instance, call: Call) -> Json:
    require_enabled(instance, "user_lockout")
    user = find_user(instance, call)
    until = instance.clock() + instance.settings["user_lockout_duration_s"] * 1000
    instance.credentials.setdefault(user["id"], {})["locked_until"] = until
    user["locked"] = True
    user["updated_at"] = instance.clock()
    return user_answer(instance, user)


@operation("Users_removeLock")
def unlock_user(instance: Instance, call: Call) -> Json:
    require_enabled(instance, "user_lockout")
    user = find_user(instance, call)
    instance.credentials.get(user["id"], {}).pop("locked_until", None)
    user["locked"] = False
    user["updated_at"] = instance.clock()
    return user_answer(instance, user)


# Deleting


@operation("Users_deleteUserById")
def delete_user(instance: Instance, call: Call) -> Json:
    """Return everything that belongs to the user goes with them; the organizations they created stay."""
    user_id = find_user(instance, call)["id"]
    for membership in list(instance.memberships_by_user.get(user_id, {}).values()):
        instance.remove_membership(membership)
    for table in (instance.sessions, instance.sign_in_tokens, instance.actor_tokens):
        for record in [record for record in table if record["user_id"] == user_id]:
            table.remove(record["id"])
    remove_grants(instance, "user_id", user_id)
    return deleted(instance.remove_user(user_id))


# Several at once


def _users_in_body(instance: Instance, call: Call) -> list[Json]:
    """Return the users that the body names: all of them, or nobody is touched."""
    require_in_plan(instance, "ban")
    ids: list[str] = call.body["user_ids"]
    if not 1 <= len(ids) <= MAX_AT_ONCE:
        raise errors.form_param_value_invalid("user_ids", f"1 to {MAX_AT_ONCE} ids")
    return [found(instance.users, "user", id) for id in dict.fromkeys(ids)]


@operation("UsersBan")
def ban_users(instance: Instance, call: Call) -> list[Json]:
    users = _users_in_body(instance, call)
    for user in users:
        user |= {"banned": True, "updated_at": instance.clock()}
        revoke_sessions(instance, user["id"])
    return [user_answer(instance, user) for user in users]


@operation("UsersUnban")
def unban_users(instance: Instance, call: Call) -> list[Json]:
    users = _users_in_body(instance, call)
    for user in users:
        user |= {"banned": False, "updated_at": instance.clock()}
    return [user_answer(instance, user) for user in users]


@operation("ReplaceUserMetadata")
def replace_user_metadata(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    given = {name: call.body[name] for name in METADATA if call.given(name) is not None}
    user |= {name: metadata.checked(name, value) for name, value in given.items()}
    user["updated_at"] = instance.clock()
    return user_answer(instance, user)


@operation("UsersGetOrganizationInvitations")
def list_user_invitations(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    status = call.query.choice("status", ("pending", "accepted", "revoked", "expired"))
    addresses = {email["email_address"] for email in user["email_addresses"]}
    matching = [
        one
        for one in instance.organization_invitations
        if one["email_address"].lower() in addresses and status in (None, one["status"])
    ]
    page = data_page(call, matching)
    page["data"] = [
        one | {"public_organization_data": _public_organization(instance, one["organization_id"])}
        for one in page["data"]
    ]
    return page


def _public_organization(instance: Instance, organization_id: str) -> Json:
    organization = instance.organizations[organization_id]
    return {name: organization[name] for name in ("id", "name", "slug", "image_url", "has_image")}


# What somebody signs in with, taken away


@operation("RemoveUserPassword")
def remove_password(instance: Instance, call: Call) -> Json:
    """Remove it; of somebody without a password nothing changes."""
    user = find_user(instance, call)
    if user["password_enabled"]:
        instance.credentials[user["id"]].pop("password", None)
        user |= {"password_enabled": False, "requires_password_reset": False, "updated_at": instance.clock()}
        if call.given("sign_out_of_other_sessions"):
            revoke_sessions(instance, user["id"])
    return user_answer(instance, user)


@operation("SetUserPasswordCompromised")
def set_password_compromised(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    if not user["password_enabled"]:
        raise errors.no_password_set()
    user |= {"requires_password_reset": True, "updated_at": instance.clock()}
    if call.given("revoke_all_sessions"):
        revoke_sessions(instance, user["id"])
    return user_answer(instance, user)


@operation("UnsetUserPasswordCompromised")
def unset_password_compromised(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    user |= {"requires_password_reset": False, "updated_at": instance.clock()}
    return user_answer(instance, user)


@operation("DeleteBackupCode")
@operation("DeleteTOTP")
def delete_second_factor(instance: Instance, call: Call) -> Json:
    """Backup codes stand behind another second factor, so they go with the last one."""
    user = find_user(instance, call)
    before = has_second_factor(user)
    is_totp = call.spec.id == "DeleteTOTP"
    kept = instance.credentials.get(user["id"], {})
    kept.pop("totp_secret" if is_totp else "backup_codes", None)
    user["totp_enabled" if is_totp else "backup_code_enabled"] = False
    if not has_second_factor(user):
        kept.pop("backup_codes", None)
        user["backup_code_enabled"] = False
    user["updated_at"] = instance.clock()
    note_second_factor(instance, user, before)
    return {"user_id": user["id"]}


def _own(user: Json, field: str, kind: str, id: str) -> Json:
    """Return one entry of a user's own; 404 where they have none of this id."""
    for entry in user[field]:
        if entry["id"] == id:
            return dict(entry)
    raise errors.not_found(kind, id)


@operation("UserPasskeyDelete")
def delete_passkey(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    passkey = _own(user, "passkeys", "passkey", call.path["passkey_identification_id"])
    user["passkeys"] = [one for one in user["passkeys"] if one["id"] != passkey["id"]]
    user["updated_at"] = instance.clock()
    return deleted(passkey)


@operation("UserWeb3WalletDelete")
def delete_web3_wallet(instance: Instance, call: Call) -> Json:
    """Tell where it was the primary one, the next takes its place."""
    user = find_user(instance, call)
    id = call.path["web3_wallet_identification_id"]
    wallet = _own(user, "web3_wallets", "web3 wallet", id)
    if identification_count(user) == 1:
        raise errors.identification_deletion_failed()
    instance.detach(user, "web3_wallet", wallet)
    if user["primary_web3_wallet_id"] == id:
        user["primary_web3_wallet_id"] = next((one["id"] for one in user["web3_wallets"]), None)
    user["updated_at"] = instance.clock()
    return deleted(wallet)


@operation("DeleteExternalAccount")
def delete_external_account(instance: Instance, call: Call) -> Json:
    """Delete it; its tokens and its links to the user's email addresses go with it."""
    user = find_user(instance, call)
    account = _own(user, "external_accounts", "external account", call.path["external_account_id"])
    if identification_count(user) == 1:
        raise errors.identification_deletion_failed()
    user["external_accounts"] = [one for one in user["external_accounts"] if one["id"] != account["id"]]
    for email in user["email_addresses"]:
        email["linked_to"] = [link for link in email["linked_to"] if link["id"] != account["id"]]
    kept = instance.credentials.get(user["id"], {})
    tokens = kept.get("oauth_tokens", [])
    kept["oauth_tokens"] = [one for one in tokens if one["external_account_id"] != account["id"]]
    user["updated_at"] = instance.clock()
    return deleted(account)


TRUSTED_DEVICES = Collection(
    "trusted_device",
    prefix="tdev",
    called="trusted device",
    fields={
        "user_id": "",
        "platform": "ios",
        "app_identifier": "",
        "name": None,
        "algorithm": "ES256",
        "status": "active",
        "last_used_at": None,
        "revoked_at": None,
    },
    hidden=("user_id",),
    parents={"user_id": Parent("users", "user")},
)


@operation("ListUserTrustedDevices")
def list_trusted_devices(instance: Instance, call: Call) -> Json:
    user = find_user(instance, call)
    active = [
        TRUSTED_DEVICES.answer(one)
        for one in TRUSTED_DEVICES.records(instance)
        if one["user_id"] == user["id"] and one["status"] == "active"
    ]
    return {"data": active, "total_count": len(active)}


@operation("RevokeUserTrustedDevice")
def revoke_trusted_device(instance: Instance, call: Call) -> Json:
    device = TRUSTED_DEVICES.found(instance, call)
    if device["status"] != "active":
        raise errors.not_found("active trusted device", device["id"])
    now = instance.clock()
    device |= {"status": "revoked", "revoked_at": now, "updated_at": now}
    return TRUSTED_DEVICES.answer(device)


def seed_demo(instance: Instance) -> None:
    """Return a passkey and a phone that is trusted, both of the support lead."""
    kwame = instance.user_by("email_address", "kwame.asante@fernhill.example")
    if kwame is None:
        return
    at = instance.clock() - 24 * 3600 * 1000
    kwame["passkeys"].append(
        {
            "object": "passkey",
            "id": instance.new_id("idn"),
            "name": "Office laptop",
            "last_used_at": at,
            "verification": {
                "object": "verification_passkey",
                "status": "verified",
                "strategy": "passkey",
                "nonce": "nonce",
                "message": None,
                "attempts": None,
                "expire_at": None,
            },
        }
    )
    TRUSTED_DEVICES.new(
        instance,
        user_id=kwame["id"],
        name="Kwame's phone",
        app_identifier="example.fernhill.field",
        last_used_at=at,
    )


NAMED = {
    "a passkey": lambda demo: next(user["passkeys"][0]["id"] for user in demo.users if user["passkeys"]),
    "a wallet": lambda demo: next(
        user["web3_wallets"][0]["id"] for user in demo.users if user["web3_wallets"]
    ),
    "an external account": lambda demo: next(
        user["external_accounts"][0]["id"] for user in demo.users if user["external_accounts"]
    ),
}
"""What examples call things of the demo."""
