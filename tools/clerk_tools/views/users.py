"""Users, and what Clerk answers about them."""

from clerk_tools.views._trim import JsonObject, full_name, iso, keep, objects_in, trim, verification, views_in
from clerk_tools.views.organization_memberships import organization_membership


def user(raw: JsonObject) -> JsonObject:
    """Tell who somebody is, how they sign in, and whether they can; second factors by their strategy names.

    Private metadata is left out: it is the backend's own. So is what is true of nearly everybody
    (may delete themselves, has a password).
    """
    view: JsonObject = {}
    keep(view, raw, ("id",))
    view |= full_name(raw)
    keep(view, raw, ("username", "external_id"))
    for field, shown, primary in _IDENTIFIERS:
        if raw.get(field) and (identifiers := _identifiers(raw, field, shown, raw.get(primary))):
            view[field] = identifiers
    if factors := _second_factors(raw):
        view["second_factors"] = factors
    elif raw.get("two_factor_enabled") is True:
        view["two_factor_enabled"] = True
    for field, account in _ACCOUNTS:
        if raw.get(field):
            view |= views_in(raw, field, account)
    for name in ("banned", "requires_password_reset", "deprovisioned"):
        if raw.get(name) is True:
            view[name] = True
    if raw.get("locked") is True:
        view |= trim(raw, ("locked", "lockout_expires_in_seconds"))
    for name in ("public_metadata", "unsafe_metadata"):
        if isinstance(metadata := raw.get(name), dict) and metadata:
            view[name] = metadata
    # Who was last active then had signed in before.
    last_seen = "last_active_at" if raw.get("last_active_at") else "last_sign_in_at"
    for name in ("created_at", last_seen):
        if (time := iso(raw.get(name))) is not None:
            view[name] = time
    return view


def _identifiers(raw: JsonObject, field: str, shown: tuple[str, str], primary: object) -> list[JsonObject]:
    views = []
    for entry in objects_in(raw, field):
        view: JsonObject = {}
        keep(view, entry, shown)
        if not view:
            continue
        if isinstance(primary, str) and view.get("id") == primary:
            view["primary"] = True
        view |= verification(entry)
        if entry.get("reserved_for_second_factor") is True:
            view["reserved_for_second_factor"] = True
        views.append(view)
    return views


def _second_factors(raw: JsonObject) -> list[str]:
    factors = []
    if raw.get("totp_enabled") is True:
        factors.append("totp")
    if raw.get("phone_numbers") and any(
        phone.get("reserved_for_second_factor") is True for phone in objects_in(raw, "phone_numbers")
    ):
        factors.append("phone_code")
    if raw.get("backup_code_enabled") is True:
        factors.append("backup_code")
    return factors


def _account(raw: JsonObject) -> JsonObject:
    view = trim(raw, ("id", "provider", "email_address", "username", "enterprise_connection_id"))
    if not view:
        return view
    if raw.get("active") is False:
        view["active"] = False
    connection = raw.get("enterprise_connection") or raw.get("saml_connection")
    # A connection that is switched off keeps out everybody who signs in through it.
    if isinstance(connection, dict) and connection.get("active") is False:
        view["connection_active"] = False
    return view | verification(raw)


def _saml_account(raw: JsonObject) -> JsonObject:
    view = _account(raw)
    connection = raw.get("saml_connection")
    if isinstance(connection, dict) and (found := trim(connection, ("id",))):
        view["saml_connection_id"] = found["id"]
    return view


def _passkey(raw: JsonObject) -> JsonObject:
    return trim(raw, ("id", "name"), times=("last_used_at",))


_IDENTIFIERS = (
    ("email_addresses", ("id", "email_address"), "primary_email_address_id"),
    ("phone_numbers", ("id", "phone_number"), "primary_phone_number_id"),
    ("web3_wallets", ("id", "web3_wallet"), "primary_web3_wallet_id"),
)

_ACCOUNTS = (
    ("passkeys", _passkey),
    ("external_accounts", _account),
    ("saml_accounts", _saml_account),
    ("enterprise_accounts", _account),
    ("organization_memberships", organization_membership),
)


def oauth_access_token(raw: JsonObject) -> JsonObject:
    """Return a token that an external provider issued for a user; what it hands out is for the server to
    mask."""
    return trim(
        raw,
        ("external_account_id", "provider", "provider_user_id", "label", "token", "token_secret"),
        lists=("scopes",),
        objects=("public_metadata",),
        times=("expires_at",),
    )


def verification_result(raw: JsonObject) -> JsonObject:
    """Tell whether a password or a code was right, and which sort of code it was."""
    return trim(raw, ("verified", "code_type"))


def user_reference(raw: JsonObject) -> JsonObject:
    """Tell whose second factors were all removed."""
    return trim(raw, ("user_id",))


def total_count(raw: JsonObject) -> JsonObject:
    """Tell how many there are."""
    return trim(raw, ("total_count",))
