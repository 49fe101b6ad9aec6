"""Directories: users provisioned (SCIM) from a company's identity provider, and roles by its groups."""

from __future__ import annotations

from typing import Final

from clerk_tools.argument import Body, Id, JsonObject, Nested, Path, arg, cuts_off, replaces
from clerk_tools.hits import Hit, Look, count, first_with, inside, records, thing
from clerk_tools.ids import DirectoryId, EnterpriseConnectionId, GroupRoleMappingId, RoleId
from clerk_tools.operation import Operation, Paged
from clerk_tools.spec import Advice, Demo, Example
from clerk_tools.view import View

_DIRECTORY: Final = View(
    (
        "id",
        "name",
        "provider",
        "enabled",
        "group_role_mapping_enabled",
        "enterprise_connection_id",
        "endpoint_url",
        "api_key",
    ),
    objects=("attribute_mapping",),
    times=("created_at",),
)
_MAPPING: Final = View(
    ("id", "deleted", "directory_group_id", "directory_group_display_name", "precedence"),
    inside={"role": View(("id", "name", "key"))},
)
VIEWS = {
    "directory": _DIRECTORY,
    "scim_directory": _DIRECTORY,
    "directory_group_role_mapping": _MAPPING,
    "scim_group_role_mapping": _MAPPING,
}

SYNONYMS: Final = {
    "directory": "directory sync, SCIM, user provisioning, user sync, group sync, HRIS",
    "directories": "directory sync, SCIM, user provisioning, user sync, group sync, HRIS",
}
"""What people say instead of a term; for the search."""

STOPS: Final = cuts_off(False, "its identity provider can no longer provision users")
NO_ROLES: Final = cuts_off(False, "its groups no longer give roles")
OTHER_PROVIDER: Final = replaces("its present identity provider may no longer provision users")


class NewMapping(Nested):
    """A mapping that a new directory begins with."""

    directory_group_id: Id = arg("Or scim_group_id", optional=True)
    scim_group_id: Id = arg(optional=True)
    directory_group_display_name: str = arg(optional=True, max_length=255)
    scim_group_display_name: str = arg(optional=True, max_length=255)
    role_id: RoleId = arg()
    precedence: int = arg(optional=True, ge=1)


class MappingEntry(Nested):
    """One of all mappings."""

    directory_group_id: Id = arg("Or scim_group_id", optional=True)
    scim_group_id: Id = arg(optional=True)
    role_id: RoleId = arg()


class ListDirectories(
    Paged,
    id="ListDirectories",
    version="2025-11-10",
    get="/directories",
    pages="directory",
    secret=("api_key",),
    words="SCIM provisioning, directory sync, which directories, list SCIM directories, which customers "
    "provision users, list directories",
    example=Example(),
):
    """Directories: identity providers that provision users here (SCIM)."""


class CreateDirectory(
    Operation,
    id="CreateDirectory",
    version="2025-11-10",
    post="/directories",
    returns="directory",
    secret=("api_key",),
    mints=True,
    words="set up SCIM, set up directory sync, start provisioning users, provision users from okta, "
    "sync users from an identity provider, create users automatically from an identity provider, "
    "add a directory, connect azure AD for provisioning, automatic user provisioning",
    example=Example(
        {
            "enterprise_connection_id": Demo("an enterprise connection in preparation"),
            "provider": "okta",
        }
    ),
):
    """Create a directory for an enterprise connection. Its API key, for the identity provider, is in this
    answer alone."""

    enterprise_connection_id: Body[EnterpriseConnectionId] = arg()
    name: Body[str] = arg(optional=True)
    provider: Body[str] = arg("Such as okta")
    group_role_mappings: Body[list[NewMapping]] = arg(optional=True)


class GetDirectory(
    Operation,
    id="GetDirectory",
    version="2025-11-10",
    get="/directories/{directory_id}",
    returns="directory",
    secret=("api_key",),
    words="details of a directory, show a directory, SCIM endpoint, endpoint URL of a directory, is "
    "directory sync active, last sync of a directory",
    example=Example({"directory_id": Demo("a directory")}),
):
    """One directory; without its API key."""

    directory_id: Path[DirectoryId] = arg()


class UpdateDirectory(
    Operation,
    id="UpdateDirectory",
    version="2025-11-10",
    patch="/directories/{directory_id}",
    returns="directory",
    secret=("api_key",),
    words="turn off SCIM, disable directory sync, rename a directory, map attributes of a directory, "
    "turn provisioning off, pause directory sync, change a directory, attribute mapping of a "
    "directory",
    example=Example({"directory_id": Demo("a directory"), "name": "Rowan staff"}),
):
    """Change a directory; disabled, it provisions nobody. `attribute_mapping` merges; null removes a key."""

    directory_id: Path[DirectoryId] = arg()
    name: Body[str] = arg(optional=True)
    enabled: Body[bool] = arg(optional=True, risk=STOPS)
    provider: Body[str] = arg(optional=True, risk=OTHER_PROVIDER)
    attribute_mapping: Body[JsonObject] = arg("Attribute to directory path", optional=True)
    group_role_mapping_enabled: Body[bool] = arg(optional=True, risk=NO_ROLES)


class DeleteDirectory(
    Operation,
    id="DeleteDirectory",
    version="2025-11-10",
    delete="/directories/{directory_id}",
    returns="deleted",
    words="remove SCIM, stop provisioning users, delete a directory, end directory sync, delete SCIM",
    example=Example({"directory_id": Demo("a directory")}, late=True),
):
    """Delete a directory with its group mappings, for good: provisioning stops and its API key dies. Its
    users stay."""

    directory_id: Path[DirectoryId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of(await directory(self.directory_id, look), "provisioning through it stops")


class RotateDirectoryApiKey(
    Operation,
    id="RotateDirectoryAPIKey",
    version="2026-05-12",
    post="/directories/{directory_id}/rotate_api_key",
    returns="directory",
    effect="destroy",
    secret=("api_key",),
    mints=True,
    no_undo="The old API key dies, and the new one is in force.",
    advice=Advice(if_executed="If it was, nobody knows the new key: call again to have one."),
    words="new SCIM token, leaked API key of a directory, rotate a SCIM token, new bearer token for "
    "SCIM, new API key for provisioning, SCIM token leaked",
    example=Example({"directory_id": Demo("a directory")}),
):
    """Give a directory a new API key; the answer alone has it. The present one dies
    after a short while."""

    directory_id: Path[DirectoryId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of(await directory(self.directory_id, look), "its present API key stops working soon")


class ListGroupRoleMappings(
    Operation,
    id="ListDirectoryGroupRoleMappings",
    version="2026-05-12",
    get="/directories/{directory_id}/group_role_mappings",
    pages="directory_group_role_mapping",
    words="roles by group, which group has which role, list group mappings, roles that groups give, "
    "groups of a directory, which groups are mapped to roles, AD groups and their roles",
    example=Example({"directory_id": Demo("a directory")}),
):
    """Which role each group of a directory gives, by precedence."""

    directory_id: Path[DirectoryId] = arg()


class CreateGroupRoleMapping(
    Operation,
    id="CreateDirectoryGroupRoleMapping",
    version="2026-05-12",
    post="/directories/{directory_id}/group_role_mappings",
    returns="directory_group_role_mapping",
    words="map a group to a role, give a group a role, new group mapping, group gives a role, members "
    "of an okta group get a role, make a group of the identity provider admins, add a group "
    "mapping",
    example=Example(
        {
            "directory_id": Demo("a directory"),
            "directory_group_id": "gardeners",
            "role_id": Demo("the auditor role"),
        }
    ),
):
    """Give a group of a directory an organization role."""

    directory_id: Path[DirectoryId] = arg()
    directory_group_id: Body[Id] = arg("Or scim_group_id", optional=True)
    scim_group_id: Body[Id] = arg(optional=True)
    role_id: Body[RoleId] = arg()
    precedence: Body[int] = arg("1 wins over 2; last if left out", optional=True, ge=1)


class ReplaceGroupRoleMappings(
    Operation,
    id="ReplaceDirectoryGroupRoleMappings",
    version="2026-05-12",
    put="/directories/{directory_id}/group_role_mappings",
    pages="directory_group_role_mapping",
    effect="destroy",
    words="reorder group mappings, remove all group mappings, replace all group mappings, order of "
    "group mappings, set group mappings anew, set all group mappings at once",
    example=Example(
        {
            "directory_id": Demo("the older directory"),
            "mappings": [{"directory_group_id": "gardeners", "role_id": Demo("the auditor role")}],
        }
    ),
):
    """Replace ALL group mappings of a directory, in order of precedence; [] removes them. One more:
    CreateDirectoryGroupRoleMapping."""

    directory_id: Path[DirectoryId] = arg()
    mappings: Body[list[MappingEntry]] = arg()

    async def hit(self, look: Look) -> Hit:
        return await all_mappings(self.directory_id, look)


class DeleteGroupRoleMapping(
    Operation,
    id="DeleteDirectoryGroupRoleMapping",
    version="2026-05-12",
    delete="/directories/{directory_id}/group_role_mappings/{mapping_id}",
    returns="directory_group_role_mapping",
    words="unmap a group, a group no longer gives a role, remove a group mapping, group must not give a "
    "role any more",
    example=Example({"directory_id": Demo("a directory"), "mapping_id": Demo("a group mapping")}),
):
    """Take its role from one group of a directory."""

    directory_id: Path[DirectoryId] = arg()
    mapping_id: Path[GroupRoleMappingId] = arg()

    async def hit(self, look: Look) -> Hit:
        return await one_mapping(self.directory_id, self.mapping_id, look)


async def directory(directory_id: str, look: Look) -> str:
    """Return the directory in words."""
    found = await look.at(GetDirectory(directory_id=directory_id), is_target=True)
    return thing("directory", inside(found, "name"), inside(found, "provider"))


async def all_mappings(directory_id: str, look: Look) -> Hit:
    """Return what goes with all of a directory's group mappings."""
    found = await look.at(ListGroupRoleMappings(directory_id=directory_id), is_target=True)
    return Hit.of(
        await directory(directory_id, look), f"replaces {count(len(records(found)), 'group mapping')}"
    )


async def one_mapping(directory_id: str, mapping_id: str, look: Look) -> Hit:
    """Return a group mapping, and the role that its members lose."""
    found = await look.at(ListGroupRoleMappings(directory_id=directory_id))
    mapping = first_with(records(found), "id", mapping_id)
    group = inside(mapping, "directory_group_display_name") or inside(mapping, "directory_group_id")
    role = thing("role", inside(mapping, "role", "name"))
    return Hit.of(thing("group", group), f"its members lose the {role}" if role else "")
