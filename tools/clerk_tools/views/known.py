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
    "client": """
        created_at id last_active_session_id last_authentication_strategy object session_ids sessions
        sessions.abandon_at sessions.actor sessions.client_id sessions.created_at sessions.expire_at
        sessions.id sessions.last_active_at sessions.last_active_organization_id sessions.object
        sessions.status sessions.updated_at sessions.user_id sign_in_id sign_up_id updated_at
    """,
    "commerce_payment": """
        amount amount.amount amount.amount_formatted amount.currency amount.currency_symbol charge_type
        created_at failed_at gateway_external_id gateway_external_url id instance_id object paid_at payee
        payee.gateway_type payee.object payee_id payer payer.created_at payer.email payer.first_name
        payer.id payer.image_url payer.instance_id payer.last_name payer.object payer.organization_id
        payer.organization_name payer.updated_at payer.user_id payer_id payment_id payment_method
        payment_method.card_type payment_method.created_at payment_method.expiry_month
        payment_method.expiry_year payment_method.gateway payment_method.gateway_external_account_id
        payment_method.gateway_external_id payment_method.id payment_method.is_default
        payment_method.is_removable payment_method.last4 payment_method.object payment_method.payer_id
        payment_method.payment_type payment_method.status payment_method.updated_at
        payment_method.wallet_type payment_method_id statement_id status subscription_item
        subscription_item.canceled_at subscription_item.created_at subscription_item.ended_at
        subscription_item.id subscription_item.instance_id subscription_item.is_free_trial
        subscription_item.lifetime_paid subscription_item.lifetime_paid.amount
        subscription_item.lifetime_paid.amount_formatted subscription_item.lifetime_paid.currency
        subscription_item.lifetime_paid.currency_symbol subscription_item.next_payment
        subscription_item.next_payment.amount subscription_item.next_payment.amount.amount
        subscription_item.next_payment.amount.amount_formatted
        subscription_item.next_payment.amount.currency subscription_item.next_payment.amount.currency_symbol
        subscription_item.next_payment.date subscription_item.object subscription_item.past_due_at
        subscription_item.payer subscription_item.payer.created_at subscription_item.payer.email
        subscription_item.payer.first_name subscription_item.payer.id subscription_item.payer.image_url
        subscription_item.payer.instance_id subscription_item.payer.last_name subscription_item.payer.object
        subscription_item.payer.organization_id subscription_item.payer.organization_name
        subscription_item.payer.updated_at subscription_item.payer.user_id subscription_item.payer_id
        subscription_item.payment_method subscription_item.payment_method.card_type
        subscription_item.payment_method.created_at subscription_item.payment_method.expiry_month
        subscription_item.payment_method.expiry_year subscription_item.payment_method.gateway
        subscription_item.payment_method.gateway_external_account_id
        subscription_item.payment_method.gateway_external_id subscription_item.payment_method.id
        subscription_item.payment_method.is_default subscription_item.payment_method.is_removable
        subscription_item.payment_method.last4 subscription_item.payment_method.object
        subscription_item.payment_method.payer_id subscription_item.payment_method.payment_type
        subscription_item.payment_method.status subscription_item.payment_method.updated_at
        subscription_item.payment_method.wallet_type subscription_item.period_end
        subscription_item.period_start subscription_item.plan subscription_item.plan.annual_fee
        subscription_item.plan.annual_monthly_fee subscription_item.plan.avatar_url
        subscription_item.plan.created_at subscription_item.plan.description subscription_item.plan.features
        subscription_item.plan.features.avatar_url subscription_item.plan.features.description
        subscription_item.plan.features.id subscription_item.plan.features.name
        subscription_item.plan.features.object subscription_item.plan.features.slug
        subscription_item.plan.fee subscription_item.plan.fee.amount
        subscription_item.plan.fee.amount_formatted subscription_item.plan.fee.currency
        subscription_item.plan.fee.currency_symbol subscription_item.plan.for_payer_type
        subscription_item.plan.free_trial_days subscription_item.plan.free_trial_enabled
        subscription_item.plan.has_base_fee subscription_item.plan.id subscription_item.plan.is_default
        subscription_item.plan.is_recurring subscription_item.plan.name subscription_item.plan.object
        subscription_item.plan.product_id subscription_item.plan.publicly_visible
        subscription_item.plan.slug subscription_item.plan.unit_prices subscription_item.plan.updated_at
        subscription_item.plan_id subscription_item.plan_period subscription_item.price_id
        subscription_item.seats subscription_item.status subscription_item.updated_at subscription_item_id
        updated_at
    """,
    "commerce_plan": """
        annual_fee annual_fee.amount annual_fee.amount_formatted annual_fee.currency
        annual_fee.currency_symbol annual_monthly_fee annual_monthly_fee.amount
        annual_monthly_fee.amount_formatted annual_monthly_fee.currency annual_monthly_fee.currency_symbol
        avatar_url created_at description features features.avatar_url features.description features.id
        features.name features.object features.slug fee fee.amount fee.amount_formatted fee.currency
        fee.currency_symbol for_payer_type free_trial_days free_trial_enabled has_base_fee id is_default
        is_recurring name object product_id publicly_visible slug unit_prices updated_at
    """,
    "commerce_price": """
        amount annual_monthly_amount annual_monthly_fee annual_monthly_fee.amount
        annual_monthly_fee.amount_formatted annual_monthly_fee.currency annual_monthly_fee.currency_symbol
        created_at currency currency_symbol description fee fee.amount fee.amount_formatted fee.currency
        fee.currency_symbol id instance_id is_default object plan_id supported_billing_periods updated_at
    """,
    "commerce_statement": """
        created_at groups groups.items groups.items.amount groups.items.amount.amount
        groups.items.amount.amount_formatted groups.items.amount.currency
        groups.items.amount.currency_symbol groups.items.charge_type groups.items.created_at
        groups.items.failed_at groups.items.gateway_external_id groups.items.gateway_external_url
        groups.items.id groups.items.instance_id groups.items.object groups.items.paid_at groups.items.payee
        groups.items.payee.gateway_type groups.items.payee.object groups.items.payee_id groups.items.payer
        groups.items.payer.created_at groups.items.payer.email groups.items.payer.first_name
        groups.items.payer.id groups.items.payer.image_url groups.items.payer.instance_id
        groups.items.payer.last_name groups.items.payer.object groups.items.payer.organization_id
        groups.items.payer.organization_name groups.items.payer.updated_at groups.items.payer.user_id
        groups.items.payer_id groups.items.payment_id groups.items.payment_method
        groups.items.payment_method.card_type groups.items.payment_method.created_at
        groups.items.payment_method.expiry_month groups.items.payment_method.expiry_year
        groups.items.payment_method.gateway groups.items.payment_method.gateway_external_account_id
        groups.items.payment_method.gateway_external_id groups.items.payment_method.id
        groups.items.payment_method.is_default groups.items.payment_method.is_removable
        groups.items.payment_method.last4 groups.items.payment_method.object
        groups.items.payment_method.payer_id groups.items.payment_method.payment_type
        groups.items.payment_method.status groups.items.payment_method.updated_at
        groups.items.payment_method.wallet_type groups.items.payment_method_id groups.items.statement_id
        groups.items.status groups.items.subscription_item groups.items.subscription_item.canceled_at
        groups.items.subscription_item.created_at groups.items.subscription_item.ended_at
        groups.items.subscription_item.id groups.items.subscription_item.instance_id
        groups.items.subscription_item.is_free_trial groups.items.subscription_item.lifetime_paid
        groups.items.subscription_item.next_payment groups.items.subscription_item.object
        groups.items.subscription_item.past_due_at groups.items.subscription_item.payer
        groups.items.subscription_item.payer_id groups.items.subscription_item.payment_method
        groups.items.subscription_item.period_end groups.items.subscription_item.period_start
        groups.items.subscription_item.plan groups.items.subscription_item.plan_id
        groups.items.subscription_item.plan_period groups.items.subscription_item.price_id
        groups.items.subscription_item.seats groups.items.subscription_item.status
        groups.items.subscription_item.updated_at groups.items.subscription_item_id groups.items.updated_at
        groups.object groups.timestamp id instance_id object payer payer.created_at payer.email
        payer.first_name payer.id payer.image_url payer.instance_id payer.last_name payer.object
        payer.organization_id payer.organization_name payer.updated_at payer.user_id payer_id status
        timestamp totals totals.base_fee totals.base_fee.amount totals.base_fee.amount_formatted
        totals.base_fee.currency totals.base_fee.currency_symbol totals.grand_total
        totals.grand_total.amount totals.grand_total.amount_formatted totals.grand_total.currency
        totals.grand_total.currency_symbol totals.subtotal totals.subtotal.amount
        totals.subtotal.amount_formatted totals.subtotal.currency totals.subtotal.currency_symbol
        totals.tax_total totals.tax_total.amount totals.tax_total.amount_formatted totals.tax_total.currency
        totals.tax_total.currency_symbol updated_at
    """,
    "commerce_subscription_item": """
        canceled_at created_at ended_at id instance_id is_free_trial lifetime_paid lifetime_paid.amount
        lifetime_paid.amount_formatted lifetime_paid.currency lifetime_paid.currency_symbol next_payment
        next_payment.amount next_payment.amount.amount next_payment.amount.amount_formatted
        next_payment.amount.currency next_payment.amount.currency_symbol next_payment.date object
        past_due_at payer payer.created_at payer.email payer.first_name payer.id payer.image_url
        payer.instance_id payer.last_name payer.object payer.organization_id payer.organization_name
        payer.updated_at payer.user_id payer_id payment_method payment_method.card_type
        payment_method.created_at payment_method.expiry_month payment_method.expiry_year
        payment_method.gateway payment_method.gateway_external_account_id payment_method.gateway_external_id
        payment_method.id payment_method.is_default payment_method.is_removable payment_method.last4
        payment_method.object payment_method.payer_id payment_method.payment_type payment_method.status
        payment_method.updated_at payment_method.wallet_type period_end period_start plan plan.annual_fee
        plan.annual_fee.amount plan.annual_fee.amount_formatted plan.annual_fee.currency
        plan.annual_fee.currency_symbol plan.annual_monthly_fee plan.annual_monthly_fee.amount
        plan.annual_monthly_fee.amount_formatted plan.annual_monthly_fee.currency
        plan.annual_monthly_fee.currency_symbol plan.avatar_url plan.created_at plan.description
        plan.features plan.features.avatar_url plan.features.description plan.features.id plan.features.name
        plan.features.object plan.features.slug plan.fee plan.fee.amount plan.fee.amount_formatted
        plan.fee.currency plan.fee.currency_symbol plan.for_payer_type plan.free_trial_days
        plan.free_trial_enabled plan.has_base_fee plan.id plan.is_default plan.is_recurring plan.name
        plan.object plan.product_id plan.publicly_visible plan.slug plan.unit_prices plan.updated_at plan_id
        plan_period price_id seats status updated_at
    """,
    "directory": """
        api_key attribute_mapping attribute_mapping.email_address created_at custom_attributes enabled
        endpoint_url enterprise_connection_id group_role_mapping_enabled id name object provider updated_at
    """,
    "directory_group_role_mapping": """
        created_at directory_group_display_name directory_group_id directory_id id object precedence role
        role.created_at role.description role.id role.is_creator_eligible role.key role.name role.object
        role.permissions role.permissions.created_at role.permissions.description role.permissions.id
        role.permissions.key role.permissions.name role.permissions.object role.permissions.type
        role.permissions.updated_at role.updated_at scim_directory_id scim_group_display_name scim_group_id
        updated_at
    """,
    "domain": """
        accounts_portal_url cname_targets development_origin frontend_api_url id is_satellite name object
        proxy_url
    """,
    "enterprise_connection": """
        active allow_organization_account_linking authenticatable created_at custom_attributes
        disable_additional_identifications disable_jit_provisioning domains id logo_public_url name
        oauth_config oauth_config.auth_url oauth_config.client_id oauth_config.created_at
        oauth_config.discovery_url oauth_config.id oauth_config.logo_public_url oauth_config.name
        oauth_config.provider_key oauth_config.requires_pkce oauth_config.token_url oauth_config.updated_at
        oauth_config.user_info_url object organization_id provider saml_connection saml_connection.acs_url
        saml_connection.active saml_connection.allow_idp_initiated saml_connection.allow_subdomains
        saml_connection.force_authn saml_connection.id saml_connection.idp_certificates
        saml_connection.idp_entity_id saml_connection.idp_metadata_url saml_connection.idp_sso_url
        saml_connection.login_hint saml_connection.login_hint.mode saml_connection.name
        saml_connection.sp_entity_id saml_connection.sp_metadata_url sync_user_attributes updated_at
    """,
    "enterprise_connection_test_run": """
        connection_type created_at id logs logs.code logs.level logs.message oauth parsed_user_info saml
        status
    """,
    "invitation": """
        created_at email_address expires_at id object public_metadata revoked status updated_at
    """,
    "jwt_template": """
        allowed_clock_skew claims created_at custom_signing_key id lifetime name object signing_algorithm
        updated_at
    """,
    "machine": """
        created_at default_token_ttl id instance_id name object scoped_machines scoped_machines.created_at
        scoped_machines.default_token_ttl scoped_machines.id scoped_machines.instance_id
        scoped_machines.name scoped_machines.object scoped_machines.updated_at updated_at
    """,
    "oauth_application": """
        authorize_url callback_url client_id client_image_url client_uri consent_screen_enabled created_at
        discovery_url dynamically_registered id instance_id name object pkce_required public redirect_uris
        scopes token_fetch_url token_introspection_url updated_at user_info_url
    """,
    "organization": """
        admin_delete_enabled created_at created_by has_image id image_url max_allowed_memberships name
        object private_metadata public_metadata role_set_key slug updated_at
    """,
    "organization_domain": """
        affiliation_email_address affiliation_verification affiliation_verification.attempts
        affiliation_verification.expire_at affiliation_verification.status affiliation_verification.strategy
        affiliation_verification.verified_at created_at enrollment_mode id name object organization_id
        ownership_verification public_organization_data public_organization_data.has_image
        public_organization_data.id public_organization_data.image_url public_organization_data.name
        public_organization_data.slug total_pending_invitations total_pending_suggestions updated_at
        verification verification.attempts verification.expire_at verification.status verification.strategy
        verification.verified_at
    """,
    "organization_invitation": """
        created_at email_address expires_at id inviter_id object organization_id private_metadata
        public_inviter_data public_inviter_data.first_name public_inviter_data.has_image
        public_inviter_data.identifier public_inviter_data.image_url public_inviter_data.last_name
        public_inviter_data.user_id public_metadata public_organization_data
        public_organization_data.has_image public_organization_data.id public_organization_data.image_url
        public_organization_data.name public_organization_data.slug role role_name status updated_at
    """,
    "organization_membership": """
        created_at id object organization organization.admin_delete_enabled organization.created_at
        organization.created_by organization.has_image organization.id organization.image_url
        organization.max_allowed_memberships organization.name organization.object
        organization.private_metadata organization.public_metadata organization.role_set_key
        organization.slug organization.updated_at permissions private_metadata public_metadata
        public_user_data public_user_data.banned public_user_data.first_name public_user_data.has_image
        public_user_data.identifier public_user_data.image_url public_user_data.last_name
        public_user_data.profile_image_url public_user_data.user_id public_user_data.username role role_name
        updated_at user user.identifier user.name user.user_id
    """,
    "permission": """
        created_at description id key name object type updated_at
    """,
    "redirect_url": """
        created_at id object updated_at url
    """,
    "role": """
        created_at description id is_creator_eligible key name object permissions permissions.created_at
        permissions.description permissions.id permissions.key permissions.name permissions.object
        permissions.type permissions.updated_at updated_at
    """,
    "role_set": """
        created_at creator_role creator_role.created_at creator_role.description creator_role.has_members
        creator_role.id creator_role.key creator_role.members_count creator_role.name creator_role.object
        creator_role.updated_at default_role default_role.created_at default_role.description
        default_role.has_members default_role.id default_role.key default_role.members_count
        default_role.name default_role.object default_role.updated_at description id key name object
        role_set_migration roles roles.created_at roles.description roles.has_members roles.id roles.key
        roles.members_count roles.name roles.object roles.updated_at type updated_at
    """,
    "saml_connection": """
        acs_url active allow_idp_initiated allow_organization_account_linking allow_subdomains
        attribute_mapping attribute_mapping.email_address attribute_mapping.first_name
        attribute_mapping.last_name attribute_mapping.user_id created_at disable_additional_identifications
        domain domains force_authn id idp_certificate idp_certificate_expires_at idp_certificate_issued_at
        idp_certificates idp_certificates.certificate idp_certificates.expires_at idp_certificates.issued_at
        idp_entity_id idp_metadata idp_metadata_url idp_sso_url login_hint login_hint.mode name object
        organization_id provider sp_entity_id sp_metadata_url sync_user_attributes updated_at user_count
    """,
    "scim_directory": """
        api_key attribute_mapping attribute_mapping.email_address created_at custom_attributes enabled
        endpoint_url enterprise_connection_id group_role_mapping_enabled id name object provider updated_at
    """,
    "scim_group_role_mapping": """
        created_at directory_group_display_name directory_group_id directory_id id object precedence role
        role.created_at role.description role.id role.is_creator_eligible role.key role.name role.object
        role.permissions role.permissions.created_at role.permissions.description role.permissions.id
        role.permissions.key role.permissions.name role.permissions.object role.permissions.type
        role.permissions.updated_at role.updated_at scim_directory_id scim_group_display_name scim_group_id
        updated_at
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
        backup_code_enabled banned bypass_client_trust create_organization_enabled
        create_organizations_limit created_at delete_self_enabled email_addresses email_addresses.created_at
        email_addresses.email_address email_addresses.id email_addresses.linked_to
        email_addresses.linked_to.id email_addresses.linked_to.type email_addresses.matches_sso_connection
        email_addresses.object email_addresses.primary email_addresses.reserved email_addresses.updated_at
        email_addresses.verification email_addresses.verification.attempts
        email_addresses.verification.expire_at email_addresses.verification.object
        email_addresses.verification.status email_addresses.verification.strategy email_addresses.verified
        enterprise_accounts external_accounts external_accounts.approved_scopes external_accounts.avatar_url
        external_accounts.created_at external_accounts.email_address
        external_accounts.email_address_verified external_accounts.first_name external_accounts.id
        external_accounts.identification_id external_accounts.image_url external_accounts.label
        external_accounts.last_name external_accounts.object external_accounts.phone_number
        external_accounts.provider external_accounts.provider_user_id external_accounts.public_metadata
        external_accounts.updated_at external_accounts.username external_accounts.verification
        external_accounts.verification.attempts external_accounts.verification.error
        external_accounts.verification.expire_at
        external_accounts.verification.external_verification_redirect_url
        external_accounts.verification.object external_accounts.verification.status
        external_accounts.verification.strategy external_accounts.verified external_id first_name has_image
        id image_url last_active_at last_name last_sign_in_at legal_accepted_at locale locked
        lockout_expires_in_seconds mfa_disabled_at mfa_enabled_at name object passkeys passkeys.id
        passkeys.last_used_at passkeys.name passkeys.object passkeys.verification
        passkeys.verification.attempts passkeys.verification.expire_at passkeys.verification.message
        passkeys.verification.object passkeys.verification.status passkeys.verification.strategy
        password_enabled password_last_updated_at phone_numbers phone_numbers.backup_codes
        phone_numbers.created_at phone_numbers.default_second_factor phone_numbers.id
        phone_numbers.linked_to phone_numbers.object phone_numbers.phone_number phone_numbers.primary
        phone_numbers.reserved phone_numbers.reserved_for_second_factor phone_numbers.updated_at
        phone_numbers.verification phone_numbers.verification.attempts phone_numbers.verification.expire_at
        phone_numbers.verification.object phone_numbers.verification.status
        phone_numbers.verification.strategy phone_numbers.verified primary_email_address_id
        primary_phone_number_id primary_web3_wallet_id private_metadata profile_image_url public_metadata
        requires_password_reset saml_accounts saml_accounts.active saml_accounts.email_address
        saml_accounts.first_name saml_accounts.id saml_accounts.last_name saml_accounts.object
        saml_accounts.provider saml_accounts.provider_user_id saml_accounts.public_metadata
        saml_accounts.verification saml_accounts.verification.attempts saml_accounts.verification.error
        saml_accounts.verification.expire_at saml_accounts.verification.external_verification_redirect_url
        saml_accounts.verification.object saml_accounts.verification.status
        saml_accounts.verification.strategy saml_accounts.verified second_factors timezone totp_enabled
        two_factor_enabled unsafe_metadata updated_at username verification_attempts_remaining web3_wallets
        web3_wallets.created_at web3_wallets.id web3_wallets.object web3_wallets.primary
        web3_wallets.updated_at web3_wallets.verification web3_wallets.verification.attempts
        web3_wallets.verification.expire_at web3_wallets.verification.object
        web3_wallets.verification.status web3_wallets.verification.strategy web3_wallets.verified
        web3_wallets.web3_wallet
    """,
    "waitlist_entry": """
        created_at email_address id invitation is_locked object status updated_at
    """,
}
