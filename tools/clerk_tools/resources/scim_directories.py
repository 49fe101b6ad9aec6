"""The older paths of directories, over the same records; `directories` has what took their place."""

from __future__ import annotations

from clerk_tools.argument import Body, Id, JsonObject, Nested, Path, arg
from clerk_tools.hits import Hit, Look
from clerk_tools.ids import DirectoryId, EnterpriseConnectionId, GroupRoleMappingId, RoleId
from clerk_tools.operation import Operation, Paged
from clerk_tools.resources.directories import (
    NO_ROLES,
    OTHER_PROVIDER,
    STOPS,
    GetDirectory,
    all_mappings,
    directory,
    one_mapping,
)
from clerk_tools.spec import Advice, Demo, Example


class ScimNewMapping(Nested):
    """A mapping that a new directory begins with."""

    scim_group_id: Id = arg()
    scim_group_display_name: str = arg(optional=True, max_length=255)
    role_id: RoleId = arg()
    precedence: int = arg(optional=True, ge=1)


class ScimMappingEntry(Nested):
    """One of all mappings."""

    scim_group_id: Id = arg()
    role_id: RoleId = arg()


class ListScimDirectories(
    Paged,
    id="ListSCIMDirectories",
    version="2025-11-10",
    get="/scim_directories",
    pages="scim_directory",
    secret=("api_key",),
    deprecated=True,
    instead="ListDirectories",
    example=Example(),
):
    """Older path of ListDirectories."""


class CreateScimDirectory(
    Operation,
    id="CreateSCIMDirectory",
    version="2025-11-10",
    post="/scim_directories",
    returns="scim_directory",
    secret=("api_key",),
    mints=True,
    deprecated=True,
    instead="CreateDirectory",
    example=Example(
        {
            "enterprise_connection_id": Demo("an enterprise connection in preparation"),
            "provider": "okta",
        }
    ),
):
    """Older path of CreateDirectory."""

    enterprise_connection_id: Body[EnterpriseConnectionId] = arg()
    name: Body[str] = arg(optional=True)
    provider: Body[str] = arg()
    group_role_mappings: Body[list[ScimNewMapping]] = arg(optional=True)


class GetScimDirectory(
    Operation,
    id="GetSCIMDirectory",
    version="2025-11-10",
    get="/scim_directories/{scim_directory_id}",
    returns="scim_directory",
    secret=("api_key",),
    deprecated=True,
    instead="GetDirectory",
    example=Example({"scim_directory_id": Demo("a directory")}),
):
    """Older path of GetDirectory."""

    scim_directory_id: Path[DirectoryId] = arg()


class UpdateScimDirectory(
    Operation,
    id="UpdateSCIMDirectory",
    version="2025-11-10",
    patch="/scim_directories/{scim_directory_id}",
    returns="scim_directory",
    secret=("api_key",),
    deprecated=True,
    instead="UpdateDirectory",
    example=Example({"scim_directory_id": Demo("a directory"), "name": "Rowan staff"}),
):
    """Older path of UpdateDirectory."""

    scim_directory_id: Path[DirectoryId] = arg()
    name: Body[str] = arg(optional=True)
    enabled: Body[bool] = arg(optional=True, risk=STOPS)
    provider: Body[str] = arg(optional=True, risk=OTHER_PROVIDER)
    attribute_mapping: Body[JsonObject] = arg(optional=True)
    group_role_mapping_enabled: Body[bool] = arg(optional=True, risk=NO_ROLES)

    def state(self) -> Operation:
        return GetDirectory(directory_id=self.scim_directory_id)


class DeleteScimDirectory(
    Operation,
    id="DeleteSCIMDirectory",
    version="2025-11-10",
    delete="/scim_directories/{scim_directory_id}",
    returns="deleted",
    deprecated=True,
    instead="DeleteDirectory",
    example=Example({"scim_directory_id": Demo("the older directory")}, late=True),
):
    """Older path of DeleteDirectory."""

    scim_directory_id: Path[DirectoryId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of(await directory(self.scim_directory_id, look), "provisioning through it stops")


class RotateScimDirectoryApiKey(
    Operation,
    id="RotateSCIMDirectoryAPIKey",
    version="2026-05-12",
    post="/scim_directories/{scim_directory_id}/rotate_api_key",
    returns="scim_directory",
    effect="destroy",
    secret=("api_key",),
    mints=True,
    no_undo="The old API key dies, and the new one is in force.",
    advice=Advice(if_executed="If it was, nobody knows the new key: call again to have one."),
    deprecated=True,
    instead="RotateDirectoryAPIKey",
    example=Example({"scim_directory_id": Demo("a directory")}),
):
    """Older path of RotateDirectoryAPIKey."""

    scim_directory_id: Path[DirectoryId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of(await directory(self.scim_directory_id, look), "its present API key stops working soon")


class ListScimGroupRoleMappings(
    Operation,
    id="ListSCIMGroupRoleMappings",
    version="2026-05-12",
    get="/scim_directories/{scim_directory_id}/group_role_mappings",
    pages="scim_group_role_mapping",
    deprecated=True,
    instead="ListDirectoryGroupRoleMappings",
    example=Example({"scim_directory_id": Demo("a directory")}),
):
    """Older path of ListDirectoryGroupRoleMappings."""

    scim_directory_id: Path[DirectoryId] = arg()


class CreateScimGroupRoleMapping(
    Operation,
    id="CreateSCIMGroupRoleMapping",
    version="2026-05-12",
    post="/scim_directories/{scim_directory_id}/group_role_mappings",
    returns="scim_group_role_mapping",
    deprecated=True,
    instead="CreateDirectoryGroupRoleMapping",
    example=Example(
        {
            "scim_directory_id": Demo("a directory"),
            "scim_group_id": "pickers",
            "role_id": Demo("the auditor role"),
        }
    ),
):
    """Older path of CreateDirectoryGroupRoleMapping."""

    scim_directory_id: Path[DirectoryId] = arg()
    scim_group_id: Body[Id] = arg()
    role_id: Body[RoleId] = arg()
    precedence: Body[int] = arg(optional=True, ge=1)


class ReplaceScimGroupRoleMappings(
    Operation,
    id="ReplaceSCIMGroupRoleMappings",
    version="2026-05-12",
    put="/scim_directories/{scim_directory_id}/group_role_mappings",
    pages="scim_group_role_mapping",
    effect="destroy",
    deprecated=True,
    instead="ReplaceDirectoryGroupRoleMappings",
    example=Example(
        {
            "scim_directory_id": Demo("the older directory"),
            "mappings": [{"scim_group_id": "pickers", "role_id": Demo("the auditor role")}],
        }
    ),
):
    """Older path of ReplaceDirectoryGroupRoleMappings."""

    scim_directory_id: Path[DirectoryId] = arg()
    mappings: Body[list[ScimMappingEntry]] = arg()

    async def hit(self, look: Look) -> Hit:
        return await all_mappings(self.scim_directory_id, look)


class DeleteScimGroupRoleMapping(
    Operation,
    id="DeleteSCIMGroupRoleMapping",
    version="2026-05-12",
    delete="/scim_directories/{scim_directory_id}/group_role_mappings/{mapping_id}",
    returns="scim_group_role_mapping",
    deprecated=True,
    instead="DeleteDirectoryGroupRoleMapping",
    example=Example({"scim_directory_id": Demo("a directory"), "mapping_id": Demo("a later group mapping")}),
):
    """Older path of DeleteDirectoryGroupRoleMapping."""

    scim_directory_id: Path[DirectoryId] = arg()
    mapping_id: Path[GroupRoleMappingId] = arg()

    async def hit(self, look: Look) -> Hit:
        return await one_mapping(self.scim_directory_id, self.mapping_id, look)
