"""What users and their identifications look like, and how they are made."""

from typing import Any

from clerk_sandbox.images import image_address
from clerk_sandbox.state import Instance, Json, identifier_key, plural

ATTEMPTS = 100

# Shared by every record that has it: a verification is replaced as a whole, never changed.
VERIFIED_BY_ADMIN: Json = {
    "object": "verification_admin",
    "status": "verified",
    "strategy": "admin",
    "attempts": None,
    "expire_at": None,
}


def image_url(user_id: str, version: int = 0) -> str:
    """Tell where a user's picture would be; another `version` for each picture."""
    return image_address(f'{{"type":"default","rid":"{user_id}","version":{version}}}')


def make_identification(name: str, identification_id: str, value: str, now: int, *, verified: bool) -> Json:
    """Return an email_address, phone_number or web3_wallet. An untried one has no verification."""
    identification: Json = {
        "id": identification_id,
        "object": name,
        name: identifier_key(name, value),
        "verification": VERIFIED_BY_ADMIN if verified else None,
        "created_at": now,
        "updated_at": now,
    }
    if name != "web3_wallet":
        identification |= {"reserved": False, "linked_to": []}
    if name == "email_address":
        identification["matches_sso_connection"] = False
    if name == "phone_number":
        identification |= {
            "reserved_for_second_factor": False,
            "default_second_factor": False,
            "backup_codes": None,
        }
    return identification


def make_user(instance: Instance, created_at: int, **given: Any) -> Json:
    """Return a user record, not stored yet. `given` may hold any field, and `email_address`, `phone_number`
    and
    `web3_wallet` as lists of values: they are verified, and the first of each is primary."""
    user_id = instance.new_id("user")
    user: Json = {
        "id": user_id,
        "object": "user",
        "username": None,
        "first_name": None,
        "last_name": None,
        "locale": None,
        "timezone": None,
        "image_url": image_url(user_id),
        "profile_image_url": image_url(user_id),
        "has_image": False,
        "primary_email_address_id": None,
        "primary_phone_number_id": None,
        "primary_web3_wallet_id": None,
        "password_enabled": False,
        "password_last_updated_at": None,
        "requires_password_reset": False,
        "two_factor_enabled": False,
        "totp_enabled": False,
        "backup_code_enabled": False,
        "mfa_enabled_at": None,
        "mfa_disabled_at": None,
        "passkeys": [],
        "external_accounts": [],
        "saml_accounts": [],
        "enterprise_accounts": [],
        "public_metadata": {},
        "private_metadata": {},
        "unsafe_metadata": {},
        "external_id": None,
        "last_sign_in_at": None,
        "last_active_at": None,
        "legal_accepted_at": None,
        "banned": False,
        "locked": False,
        "lockout_expires_in_seconds": None,
        "verification_attempts_remaining": ATTEMPTS,
        "delete_self_enabled": True,
        "create_organization_enabled": True,
        "create_organizations_limit": None,
        "bypass_client_trust": False,
        "created_at": created_at,
        "updated_at": created_at,
    }
    for name in ("email_address", "phone_number", "web3_wallet"):
        user[plural(name)] = identifications = [
            make_identification(name, instance.new_id("idn"), value, created_at, verified=True)
            for value in given.pop(name, ())
        ]
        if identifications:
            user[f"primary_{name}_id"] = identifications[0]["id"]
    user.update(given)
    return user


def is_verified(identification: Json) -> bool:
    verification = identification["verification"]
    return verification is not None and verification["status"] == "verified"


def identification_count(user: Json) -> int:
    """Tell how many ways there are to say who this user is."""
    lists = ("email_addresses", "phone_numbers", "web3_wallets", "external_accounts", "saml_accounts")
    return sum(len(user[name]) for name in lists) + (1 if user["username"] else 0)


def primary(user: Json, name: str) -> str | None:
    """Return the value of the user's primary email_address, phone_number or web3_wallet."""
    for identification in user[plural(name)]:
        if identification["id"] == user[f"primary_{name}_id"]:
            return str(identification[name])
    return None
