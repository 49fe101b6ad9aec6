"""Which fields the objects of a list have, in Clerk's answers and in their views; with dots for those inside.

Kept true by tests/server/test_known_fields.py, which also writes it (UPDATE_SNAPSHOTS=1).
"""

from typing import Final

KNOWN: Final[dict[str, str]] = {
    "allowlist_identifier": """
        created_at id identifier identifier_type instance_id object updated_at
    """,
    "blocklist_identifier": """
        created_at id identifier identifier_type instance_id object updated_at
    """,
    "domain": """
        accounts_portal_url cname_targets development_origin frontend_api_url id is_satellite name object
        proxy_url
    """,
    "invitation": """
        created_at email_address expires_at id object public_metadata revoked status updated_at
    """,
    "jwt_template": """
        allowed_clock_skew claims created_at custom_signing_key id lifetime name object signing_algorithm
        updated_at
    """,
    "oauth_application": """
        authorize_url callback_url client_id client_image_url client_uri consent_screen_enabled created_at
        discovery_url dynamically_registered id instance_id name object pkce_required public redirect_uris
        scopes token_fetch_url token_introspection_url updated_at user_info_url
    """,
    "organization": """
        admin_delete_enabled created_at created_by has_image id image_url max_allowed_memberships name
        object private_metadata public_metadata slug updated_at
    """,
    "organization_membership": """
        created_at id object organization organization.admin_delete_enabled organization.created_at
        organization.created_by organization.has_image organization.id organization.image_url
        organization.max_allowed_memberships organization.name organization.object
        organization.private_metadata organization.public_metadata organization.slug organization.updated_at
        permissions private_metadata public_metadata public_user_data public_user_data.banned
        public_user_data.first_name public_user_data.has_image public_user_data.identifier
        public_user_data.image_url public_user_data.last_name public_user_data.profile_image_url
        public_user_data.user_id public_user_data.username role role_name updated_at user user.identifier
        user.name user.user_id
    """,
    "redirect_url": """
        created_at id object updated_at url
    """,
    "saml_connection": """
        acs_url active allow_idp_initiated allow_organization_account_linking allow_subdomains
        attribute_mapping attribute_mapping.email_address attribute_mapping.first_name
        attribute_mapping.last_name attribute_mapping.user_id created_at disable_additional_identifications
        domain domains force_authn id idp_certificate idp_certificate_expires_at idp_certificate_issued_at
        idp_entity_id idp_metadata idp_metadata_url idp_sso_url login_hint login_hint.mode name object
        organization_id provider sp_entity_id sp_metadata_url sync_user_attributes updated_at user_count
    """,
    "session": """
        abandon_at actor client_id created_at expire_at id last_active_at last_active_organization_id object
        status updated_at user_id
    """,
    "template": """
        available_variables body can_delete can_edit_body can_revert can_toggle created_at
        delivered_by_clerk enabled flagged_as_suspicious from_email_name id instance_id markup name object
        position reply_to_email_name required_variables resource_type slug subject template_type updated_at
    """,
    "user": """
        backup_code_enabled banned create_organization_enabled created_at delete_self_enabled
        email_addresses email_addresses.created_at email_addresses.email_address email_addresses.id
        email_addresses.linked_to email_addresses.linked_to.id email_addresses.linked_to.type
        email_addresses.matches_sso_connection email_addresses.object email_addresses.primary
        email_addresses.reserved email_addresses.updated_at email_addresses.verification
        email_addresses.verification.attempts email_addresses.verification.expire_at
        email_addresses.verification.object email_addresses.verification.status
        email_addresses.verification.strategy email_addresses.verified enterprise_accounts external_accounts
        external_accounts.approved_scopes external_accounts.avatar_url external_accounts.created_at
        external_accounts.email_address external_accounts.email_address_verified
        external_accounts.first_name external_accounts.id external_accounts.identification_id
        external_accounts.image_url external_accounts.label external_accounts.last_name
        external_accounts.object external_accounts.phone_number external_accounts.provider
        external_accounts.provider_user_id external_accounts.public_metadata external_accounts.updated_at
        external_accounts.username external_accounts.verification external_accounts.verification.attempts
        external_accounts.verification.error external_accounts.verification.expire_at
        external_accounts.verification.external_verification_redirect_url
        external_accounts.verification.object external_accounts.verification.status
        external_accounts.verification.strategy external_accounts.verified external_id first_name has_image
        id image_url last_active_at last_name last_sign_in_at legal_accepted_at locale locked
        lockout_expires_in_seconds mfa_disabled_at mfa_enabled_at name object passkeys password_enabled
        password_last_updated_at phone_numbers phone_numbers.backup_codes phone_numbers.created_at
        phone_numbers.default_second_factor phone_numbers.id phone_numbers.linked_to phone_numbers.object
        phone_numbers.phone_number phone_numbers.primary phone_numbers.reserved
        phone_numbers.reserved_for_second_factor phone_numbers.updated_at phone_numbers.verification
        phone_numbers.verification.attempts phone_numbers.verification.expire_at
        phone_numbers.verification.object phone_numbers.verification.status
        phone_numbers.verification.strategy phone_numbers.verified primary_email_address_id
        primary_phone_number_id primary_web3_wallet_id private_metadata profile_image_url public_metadata
        saml_accounts saml_accounts.active saml_accounts.email_address saml_accounts.first_name
        saml_accounts.id saml_accounts.last_name saml_accounts.object saml_accounts.provider
        saml_accounts.provider_user_id saml_accounts.public_metadata saml_accounts.verification
        saml_accounts.verification.attempts saml_accounts.verification.error
        saml_accounts.verification.expire_at saml_accounts.verification.external_verification_redirect_url
        saml_accounts.verification.object saml_accounts.verification.status
        saml_accounts.verification.strategy saml_accounts.verified second_factors totp_enabled
        two_factor_enabled unsafe_metadata updated_at username verification_attempts_remaining web3_wallets
        web3_wallets.created_at web3_wallets.id web3_wallets.object web3_wallets.primary
        web3_wallets.updated_at web3_wallets.verification web3_wallets.verification.attempts
        web3_wallets.verification.expire_at web3_wallets.verification.object
        web3_wallets.verification.status web3_wallets.verification.strategy web3_wallets.verified
        web3_wallets.web3_wallet
    """,
}
