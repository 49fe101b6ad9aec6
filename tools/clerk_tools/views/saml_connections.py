"""SAML connections."""

from clerk_tools.views._trim import JsonObject, trim


def saml_connection(raw: JsonObject) -> JsonObject:
    """Both sides' addresses and the switches of a connection, without its certificate and metadata document.

    Clerk's newer `domains` is left out where `domain` says the same.
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
            "sp_metadata_url",
            "sync_user_attributes",
            "allow_subdomains",
            "allow_idp_initiated",
        ),
        lists=("domains",),
        objects=("attribute_mapping",),
        times=("idp_certificate_expires_at", "created_at"),
    )
    if view.get("domains") == [view.get("domain")]:
        del view["domains"]
    return view
