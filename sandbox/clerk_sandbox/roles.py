"""The two roles that every instance has, and what they allow. Custom roles need Clerk's dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from clerk_sandbox import errors

ADMIN = "org:admin"
MEMBER = "org:member"


@dataclass(frozen=True, slots=True)
class Role:
    id: str
    key: str
    name: str
    permissions: tuple[str, ...]


ROLES = {
    role.key: role
    for role in (
        Role(
            "role_2SandboxAdmin0000000000000A",
            ADMIN,
            "Admin",
            (
                "org:sys_profile:manage",
                "org:sys_profile:delete",
                "org:sys_memberships:read",
                "org:sys_memberships:manage",
                "org:sys_domains:read",
                "org:sys_domains:manage",
            ),
        ),
        Role("role_2SandboxMember000000000000M", MEMBER, "Member", ("org:sys_memberships:read",)),
    )
}


def role_of(key: str, param: str = "role") -> Role:
    """The role with this key (`org:admin`), which the parameter `param` named.

    Raises:
        ClerkError: 404 `resource_not_found`.
    """
    if key not in ROLES:
        raise errors.organization_role_not_found(param)
    return ROLES[key]


def role_with_id(role_id: str, param: str) -> Role:
    """The role with this id (`role_…`), which the parameter `param` named.

    Raises:
        ClerkError: 404 `resource_not_found`.
    """
    role = next((role for role in ROLES.values() if role.id == role_id), None)
    if role is None:
        raise errors.organization_role_not_found(param)
    return role
