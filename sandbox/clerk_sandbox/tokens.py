"""JWTs: signed for real, with a key that GET /jwks shows."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from clerk_sandbox.state import Instance, Json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ISSUER = "https://clerk.sandbox.example"
_SHORTCODE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


@cache
def signing_key() -> "RSAPrivateKey":
    """Return the key of every instance in this process, made when it is first needed: that takes about 0.1
    s."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(instance: Instance) -> Json:
    from jwt.algorithms import RSAAlgorithm

    key = RSAAlgorithm.to_jwk(signing_key().public_key(), as_dict=True)
    return {"use": "sig", "kty": "RSA", "kid": instance.id, "alg": "RS256", "n": key["n"], "e": key["e"]}


def issue(instance: Instance, session: Json, template: Json) -> str:
    """Return a token for a session's user, with the claims of a JWT template.

    Raises:
        ValueError: the template's own signing key does not fit its algorithm.
    """
    import jwt

    now_s = instance.clock() // 1000
    jti = instance.new_secret(20)
    user = instance.users[session["user_id"]]
    claims: Json = {
        **interpolate(template["claims"], {"user": user_values(user), "org": org_values(instance, session)}),
        "iss": ISSUER,
        "sub": user["id"],
        "jti": jti,
        "iat": now_s,
        "nbf": now_s - template["allowed_clock_skew"],
        "exp": now_s + template["lifetime"],
    }
    if session["actor"]:
        claims["act"] = session["actor"]
    instance.issued_tokens[jti] = session["id"]
    own_key = instance.credentials.get(template["id"], {}).get("signing_key")
    if template["custom_signing_key"] and own_key:
        try:
            return jwt.encode(claims, own_key, algorithm=template["signing_algorithm"])
        except (jwt.PyJWTError, NotImplementedError, TypeError) as error:
            raise ValueError(str(error)) from error
    return jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": instance.id})


def machine_token(instance: Instance, token: Json) -> str:
    """Return the JWT of a machine-to-machine token, with what it has been made for."""
    import jwt

    claims: Json = {
        **(token["claims"] or {}),
        "iss": ISSUER,
        "sub": token["subject"],
        "jti": token["id"],
        "iat": token["created_at"] // 1000,
        "nbf": token["created_at"] // 1000,
        "exp": token["expiration"] // 1000,
        "scopes": " ".join(token["scopes"]),
    }
    return jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": instance.id})


def session_of(instance: Instance, token: str, *, may_be_expired: bool = False) -> Json | None:
    """Find the session of a token; None where it was forged, has expired or is not this instance's."""
    import jwt

    try:
        # The instance's clock may be another than the machine's, so the times are compared here.
        claims: Json = jwt.decode(
            token,
            signing_key().public_key(),
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
        )
    except jwt.PyJWTError:
        return None
    if claims["exp"] * 1000 <= instance.clock() and not may_be_expired:
        return None
    return instance.sessions.get(instance.issued_tokens.get(claims["jti"], ""))


def user_values(user: Json) -> Json:
    """Return what `{{user.…}}` in a template's claims can name."""
    primary = {
        kind: next((entry[kind] for entry in user[many] if entry["id"] == user[f"primary_{kind}_id"]), None)
        for kind, many in (("email_address", "email_addresses"), ("phone_number", "phone_numbers"))
    }
    full_name = " ".join(name for name in (user["first_name"], user["last_name"]) if name)
    return {
        **user,
        "full_name": full_name or None,
        "primary_email_address": primary["email_address"],
        "primary_phone_number": primary["phone_number"],
    }


def org_values(instance: Instance, session: Json) -> Json:
    """Return what `{{org.…}}` can name: the session's active organization, and the user's role in it."""
    organization = instance.organizations.get(session["last_active_organization_id"] or "")
    membership = organization and instance.membership(organization["id"], session["user_id"])
    return {**organization, "role": membership["role"]} if organization and membership else {}


def interpolate(claims: Any, values: Json) -> Any:
    """Claims with their shortcodes replaced; one that stands alone keeps the value's type."""
    if isinstance(claims, dict):
        return {name: interpolate(value, values) for name, value in claims.items()}
    if isinstance(claims, list):
        return [interpolate(value, values) for value in claims]
    if not isinstance(claims, str):
        return claims
    alone = _SHORTCODE.fullmatch(claims)
    if alone:
        return look_up(alone[1], values)
    return _SHORTCODE.sub(lambda found: str(look_up(found[1], values) or ""), claims)


def look_up(name: str, values: Json) -> Any:
    found: Any = values
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
