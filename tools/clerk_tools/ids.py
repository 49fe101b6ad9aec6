"""The kinds of id that arguments take, each declared once, with the operation that shows such ids."""

from __future__ import annotations

from typing import Annotated, Final

from clerk_tools.argument import Id, Kind

USER: Final = Kind("user", found_by="Users_listSortedByCreationDate")
ORGANIZATION: Final = Kind("organization", found_by="Organizations_listSortedByCreationDate")

UserId = Annotated[Id, USER]
OrganizationId = Annotated[Id, ORGANIZATION]
OrganizationIdOrSlug = Annotated[Id, Kind("organization", ORGANIZATION.found_by, known_as="slug")]

EmailAddressId = Annotated[Id, Kind("email address", found_by=USER.found_by)]
PhoneNumberId = Annotated[Id, Kind("phone number", found_by=USER.found_by)]
UsersOwnId = Annotated[Id, Kind("what belongs to one user", found_by="Users_getUserDetails")]
"""The id of an identification, or the name of a provider, of the user whom the call is about."""

SessionId = Annotated[Id, Kind("session", found_by="Sessions_listSortedByCreationDate")]
ClientId = Annotated[Id, Kind("client", found_by="Sessions_listSortedByCreationDate")]

InvitationId = Annotated[Id, Kind("invitation", found_by="Invitations_listAllNonRevoked")]
OrganizationInvitationId = Annotated[Id, Kind("invitation", found_by="OrganizationInvitations_list")]
AllowlistEntryId = Annotated[Id, Kind("entry", found_by="AllowlistBlocklist_listAllowedIdentifiers")]
BlocklistEntryId = Annotated[Id, Kind("entry", found_by="AllowlistBlocklist_listBlockedIdentifiers")]

SamlConnectionId = Annotated[Id, Kind("SAML connection", found_by="SamlConnectionsBeta_getList")]
OAuthApplicationId = Annotated[
    Id, Kind("OAuth application", found_by="OAuthApplications_listSortedByDescendingCreationDate")
]
JWT_TEMPLATE: Final = Kind("JWT template", found_by="JwtTemplates_listAllTemplates")
JwtTemplateId = Annotated[Id, JWT_TEMPLATE]
JwtTemplateName = Annotated[Id, JWT_TEMPLATE]
TemplateSlug = Annotated[Id, Kind("template", found_by="EmailSmsTemplates_listSortedByPosition")]
RedirectUrlId = Annotated[Id, Kind("redirect URL", found_by="RedirectUrLs_listAll")]
RoleId = Annotated[Id, Kind("role", found_by="ListOrganizationRoles")]
PermissionId = Annotated[Id, Kind("permission", found_by="ListOrganizationPermissions")]
RoleSetKeyOrId = Annotated[Id, Kind("role set", found_by="ListRoleSets", known_as="key")]
EnterpriseConnectionId = Annotated[Id, Kind("enterprise connection", found_by="ListEnterpriseConnections")]
DirectoryId = Annotated[Id, Kind("directory", found_by="ListDirectories")]
GroupRoleMappingId = Annotated[Id, Kind("group mapping", found_by="ListDirectoryGroupRoleMappings")]
OrganizationDomainId = Annotated[Id, Kind("email domain", found_by="ListAllOrganizationDomains")]
DomainId = Annotated[Id, Kind("domain", found_by="Domains_getAllDomains")]

# Nothing lists these: the answer that made one is the only place to find its id.
SignInTokenId = Annotated[Id, Kind("sign-in token")]
ActorTokenId = Annotated[Id, Kind("actor token")]
SignUpId = Annotated[Id, Kind("sign-up")]
ImageId = Annotated[Id, Kind("image")]
