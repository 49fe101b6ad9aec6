"""SAML connections."""

from clerk_tools.views._trim import JsonObject, trim

_DEFAULT_MAPPING = {
    "user_id": "nameID",
    "email_address": "mail",
    "first_name": "givenName",
    "last_name": "surname",
}


def saml_connection(raw: JsonObject) -> JsonObject:
    """Return both sides' addresses and the switches of a connection, without its certificate and metadata
    document.

    Clerk's newer `domains` is left out where `domain` says the same, and a mapping that is Clerk's default.
    """
    view = trim(
        raw,
        (
            "id",
            "name",
            "domain",
            "provider",
            "active",
            "organization_id",
            "user_count",
            "idp_entity_id",
            "idp_sso_url",
            "idp_metadata_url",
            "acs_url",
            "sp_entity_id",
        ),
        flags=("allow_subdomains", "allow_idp_initiated"),
        lists=("domains",),
        objects=("attribute_mapping",),
        times=("idp_certificate_expires_at",),
    )
    if view.get("domains") == [view.get("domain")]:
        del view["domains"]
    if raw.get("sync_user_attributes") is False:
        view["sync_user_attributes"] = False
    if view.get("attribute_mapping") == _DEFAULT_MAPPING:
        del view["attribute_mapping"]
    return view
