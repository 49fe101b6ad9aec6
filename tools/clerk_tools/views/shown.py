"""The fields of the views that are functions, with `[]` behind those that hold lists, `{}` behind objects.

Kept true by tests/server/test_output_schemas.py, which also writes it (UPDATE_SNAPSHOTS=1): the fields that
answers of the sandbox have.
"""

from typing import Final

SHOWN: Final[dict[str, str]] = {
    "actor_token": """
        actor{} created_at id status token url user_id
    """,
    "allowlist_identifier": """
        id identifier invitation_id notify
    """,
    "blocklist_identifier": """
        id identifier
    """,
    "client": """
        id last_active_session_id sessions[]
    """,
    "deleted": """
        deleted id
    """,
    "domain": """
        frontend_api_url id is_satellite name
    """,
    "email_address": """
        email_address id verified
    """,
    "instance_restrictions": """
        allowlist allowlist_blocklist_disabled_on_sign_in block_disposable_email_domains
        block_email_subaddresses blocklist
    """,
    "instance_settings": """
        enhanced_email_deliverability from_email_address id progressive_sign_up restricted_to_allowlist
    """,
    "invitation": """
        created_at email_address expires_at id public_metadata{} status url
    """,
    "jwks": """
        keys[]
    """,
    "jwt_template": """
        claims{} id lifetime name
    """,
    "oauth_access_token": """
        expires_at external_account_id provider provider_user_id scopes[] token
    """,
    "oauth_application": """
        callback_url client_id client_secret discovery_url id name public redirect_uris[] scopes
    """,
    "organization": """
        created_at created_by id max_allowed_memberships members_count name public_metadata{} slug
    """,
    "organization_invitation": """
        created_at email_address expires_at id inviter_id organization_id role status url
    """,
    "organization_membership": """
        created_at deleted id organization{} public_metadata{} role user{}
    """,
    "organization_settings": """
        admin_delete_enabled creator_role domains_default_role domains_enabled domains_enrollment_modes[]
        enabled max_allowed_domains max_allowed_memberships max_allowed_roles
    """,
    "phone_number": """
        backup_codes[] default_second_factor id phone_number reserved_for_second_factor verified
    """,
    "proxy_check": """
        domain_id id last_run_at proxy_url successful
    """,
    "saml_connection": """
        acs_url active domain id idp_entity_id idp_sso_url name provider sp_entity_id user_count
    """,
    "session": """
        client_id created_at id last_active_at last_active_organization_id status user_id
    """,
    "session_token": """
        jwt
    """,
    "sign_in_token": """
        created_at id status token url user_id
    """,
    "sign_up_attempt": """
        abandon_at email_address external_id id status unverified_fields[]
    """,
    "svix_url": """
        svix_url
    """,
    "template": """
        can_revert delivered_by_clerk enabled from_email_name id name slug subject
    """,
    "template_details": """
        available_variables[] body delivered_by_clerk enabled from_email_name id name required_variables[]
        slug subject
    """,
    "template_preview": """
        body from_email_address subject
    """,
    "total_count": """
        total_count
    """,
    "user": """
        banned created_at email_addresses[] external_accounts[] external_id id last_active_at locked
        lockout_expires_in_seconds name passkeys[] phone_numbers[] public_metadata{} requires_password_reset
        second_factors[] unsafe_metadata{} username web3_wallets[]
    """,
    "user_reference": """
        user_id
    """,
    "verification": """
        code_type verified
    """,
}
