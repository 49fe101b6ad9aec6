"""The kinds of id that arguments take, each declared once, with the operation that shows such ids."""

from __future__ import annotations

from typing import Annotated, Final

from clerk_tools.argument import Id, Kind

USER: Final = Kind(
    "user",
    found_by="Users_listSortedByCreationDate",
    prefix="user_",
    names=("email_addresses.email_address", "phone_numbers.phone_number", "username", "name"),
)
ORGANIZATION: Final = Kind(
    "organization",
    found_by="Organizations_listSortedByCreationDate",
    prefix="org_",
    names=("slug", "name"),
)

UserId = Annotated[Id, USER]
OrganizationId = Annotated[Id, ORGANIZATION]
OrganizationIdOrSlug = Annotated[
    Id,
    Kind(
        "organization",
        ORGANIZATION.found_by,
        known_as="slug",
        prefix=ORGANIZATION.prefix,
        names=ORGANIZATION.names,
    ),
]
UserOrOrganizationId = Annotated[
    Id,
    Kind("user", USER.found_by, prefix=("user_", "org_"), names=USER.names),
]
"""Of an organization only its id; a user may be named."""

_IDENTIFICATION: Final = "idn_"
EmailAddressId = Annotated[
    Id,
    Kind(
        "email address",
        found_by=USER.found_by,
        prefix=_IDENTIFICATION,
        names=("email_address",),
        within=("email_addresses",),
    ),
]
PhoneNumberId = Annotated[
    Id,
    Kind(
        "phone number",
        found_by=USER.found_by,
        prefix=_IDENTIFICATION,
        names=("phone_number",),
        within=("phone_numbers",),
    ),
]
UsersOwnId = Annotated[
    Id,
    Kind(
        "identification",
        found_by="Users_getUserDetails",
        prefix=_IDENTIFICATION,
        names=("email_address", "phone_number", "web3_wallet"),
        within=("email_addresses", "phone_numbers", "web3_wallets"),
    ),
]
"""The id of an identification of the user whom the call is about."""
ProviderName = Annotated[Id, Kind("provider", found_by="Users_getUserDetails")]

SessionId = Annotated[Id, Kind("session", found_by="Sessions_listSortedByCreationDate")]
ClientId = Annotated[Id, Kind("client", found_by="Sessions_listSortedByCreationDate")]

_ADDRESS: Final = ("email_address",)
InvitationId = Annotated[
    Id, Kind("invitation", found_by="Invitations_listAllNonRevoked", prefix="inv_", names=_ADDRESS)
]
OrganizationInvitationId = Annotated[
    Id, Kind("invitation", found_by="OrganizationInvitations_list", prefix="orginv_", names=_ADDRESS)
]
_IDENTIFIER: Final = ("identifier",)
AllowlistEntryId = Annotated[
    Id,
    Kind("entry", found_by="AllowlistBlocklist_listAllowedIdentifiers", prefix="alid_", names=_IDENTIFIER),
]
BlocklistEntryId = Annotated[
    Id,
    Kind("entry", found_by="AllowlistBlocklist_listBlockedIdentifiers", prefix="blid_", names=_IDENTIFIER),
]

_NAME: Final = ("name",)
SamlConnectionId = Annotated[
    Id,
    Kind(
        "SAML connection", found_by="SamlConnectionsBeta_getList", prefix="samlc_", names=("name", "domain")
    ),
]
OAuthApplicationId = Annotated[
    Id,
    Kind(
        "OAuth application",
        found_by="OAuthApplications_listSortedByDescendingCreationDate",
        prefix="oa_",
        names=_NAME,
    ),
]
JWT_TEMPLATE: Final = Kind(
    "JWT template", found_by="JwtTemplates_listAllTemplates", prefix="jtmp_", names=_NAME
)
JwtTemplateId = Annotated[Id, JWT_TEMPLATE]
JwtTemplateName = Annotated[Id, Kind("JWT template", found_by=JWT_TEMPLATE.found_by)]
TemplateSlug = Annotated[Id, Kind("template", found_by="EmailSmsTemplates_listSortedByPosition")]
RedirectUrlId = Annotated[
    Id, Kind("redirect URL", found_by="RedirectUrLs_listAll", prefix="ru_", names=("url",))
]
RoleId = Annotated[Id, Kind("role", found_by="ListOrganizationRoles", prefix="role_", names=("key", "name"))]
PermissionId = Annotated[
    Id, Kind("permission", found_by="ListOrganizationPermissions", prefix="perm_", names=("key", "name"))
]
RoleSetKeyOrId = Annotated[Id, Kind("role set", found_by="ListRoleSets", known_as="key")]
EnterpriseConnectionId = Annotated[
    Id,
    Kind("enterprise connection", found_by="ListEnterpriseConnections", prefix="entconn_", names=_NAME),
]
DirectoryId = Annotated[Id, Kind("directory", found_by="ListDirectories")]
GroupRoleMappingId = Annotated[Id, Kind("group mapping", found_by="ListDirectoryGroupRoleMappings")]
OrganizationDomainId = Annotated[
    Id, Kind("email domain", found_by="ListAllOrganizationDomains", prefix="orgdmn_", names=_NAME)
]
DomainId = Annotated[Id, Kind("domain", found_by="Domains_getAllDomains", prefix="dmn_", names=_NAME)]

# Nothing lists these: the answer that made one is the only place to find its id.
SignInTokenId = Annotated[Id, Kind("sign-in token")]
ActorTokenId = Annotated[Id, Kind("actor token")]
SignUpId = Annotated[Id, Kind("sign-up")]
ImageId = Annotated[Id, Kind("image")]
