"""Organizations: the teams that users belong to."""

from __future__ import annotations

from typing import Final

from clerk_tools.argument import REPLACES_KEYS, Body, File, JsonObject, Path, Query, arg, replaces
from clerk_tools.hits import Hit, Look, count, inside, organization
from clerk_tools.ids import OrganizationId, OrganizationIdOrSlug, UserId
from clerk_tools.operation import Operation, Paged
from clerk_tools.resources import organization_invitations, organization_memberships
from clerk_tools.spec import EACH_OBJECT, Demo, Example

SYNONYMS: Final = {
    "organization": "org, team, company, companies, workspace, tenant, customer, firm, business",
    "logo": "emblem, brand image, brand mark",
    "limit": "maximum, max, cap, quota",
}
"""What people say instead of a term; for the search."""


class ListOrganizations(
    Paged,
    id="Organizations_listSortedByCreationDate",
    get="/organizations",
    pages="organization",
    words="find an organization by name, which organization is called, all organizations, biggest "
    "organizations, list teams, list companies, list workspaces, search organizations, newest "
    "organizations, tenants, customers with the most members, how many organizations",
    example=Example({"include_members_count": True, "order_by": "-members_count"}),
):
    """Find organizations, newest first."""

    include_members_count: Query[bool] = arg(optional=True)
    include_missing_member_with_elevated_permissions: Query[bool] = arg(optional=True)
    query: Query[str] = arg("Exact id, or part of name or slug", optional=True)
    user_id: Query[list[UserId]] = arg("With these members; - excludes", optional=True)
    organization_id: Query[list[OrganizationId]] = arg("- excludes", optional=True)
    order_by: Query[str] = arg("name, created_at or members_count; - descends", default="-created_at")


class CreateOrganization(
    Operation,
    id="Organizations_createNewOrganization",
    post="/organizations",
    returns="organization",
    words="set up an organization, new organization, new team, new company, new workspace, create a "
    "tenant, add a customer's organization",
    example=Example({"name": "Lavender Lane", "created_by": Demo("aisha")}),
):
    """Create an organization; `created_by` becomes its first admin. Without one it has no members."""

    name: Body[str] = arg()
    created_by: Body[UserId] = arg("User id of the first admin", optional=True)
    private_metadata: Body[JsonObject] = arg(optional=True)
    public_metadata: Body[JsonObject] = arg(optional=True)
    slug: Body[str] = arg("Lowercase letters, digits, dashes; unique", optional=True)
    max_allowed_memberships: Body[int] = arg("With pending invitations; 0: no limit", optional=True)
    created_at: Body[str] = arg("RFC 3339", optional=True, nullable=True)
    role_set_key: Body[str] = arg(optional=True, nullable=True)


class GetOrganization(
    Operation,
    id="Organizations_getByIdOrSlug",
    get="/organizations/{organization_id}",
    returns="organization",
    words="organization by slug, organization by id, show an organization, details of a company, look "
    "an organization up, how many members has an organization",
    example=Example({"organization_id": "alder-vale"}),
):
    """One organization, by id or slug."""

    organization_id: Path[OrganizationIdOrSlug] = arg("Id or slug")
    include_members_count: Query[bool] = arg(optional=True)
    include_missing_member_with_elevated_permissions: Query[bool] = arg(optional=True)


class UpdateOrganization(
    Operation,
    id="Organizations_updateOrganization",
    patch="/organizations/{organization_id}",
    returns="organization",
    limit=EACH_OBJECT,
    words="rename an organization, change an organization's name, member limit of an organization, more "
    "members, edit an organization, change a slug, rename a company, rename a team, raise the "
    "member limit, let admins delete an organization, number of seats of an organization",
    example=Example({"organization_id": Demo("Fernhill"), "name": "Fernhill Ltd"}),
):
    """Change an organization. Metadata given here REPLACES the whole object: merge with
    Organizations_mergeOrganizationMetadata."""

    organization_id: Path[OrganizationId] = arg()
    public_metadata: Body[JsonObject] = arg(optional=True, deprecated=True, risk=REPLACES_KEYS)
    private_metadata: Body[JsonObject] = arg(optional=True, deprecated=True, risk=REPLACES_KEYS)
    name: Body[str] = arg(optional=True, nullable=True)
    slug: Body[str] = arg(optional=True, nullable=True)
    max_allowed_memberships: Body[int] = arg("0: no limit", optional=True, nullable=True)
    admin_delete_enabled: Body[bool] = arg("Admins may delete an organization", optional=True, nullable=True)
    created_at: Body[str] = arg("RFC 3339", optional=True, nullable=True)
    role_set_key: Body[str] = arg(
        optional=True,
        nullable=True,
        risk=replaces("its members can only have the roles of the other role set from then on"),
    )


class DeleteOrganization(
    Operation,
    id="Organizations_deleteOrganization",
    grave=True,
    delete="/organizations/{organization_id}",
    returns="deleted",
    words="close an organization, delete an organization, remove a company, delete a team, close a "
    "workspace, delete a tenant",
    example=Example({"organization_id": Demo("Thistle Studio")}),
):
    """Delete an organization with its memberships and invitations, for good. Its users stay."""

    organization_id: Path[OrganizationId] = arg()

    async def hit(self, look: Look) -> Hit:
        # A membership carries its organization, which leaves a read for the invitations.
        members = await look.at(
            organization_memberships.ListMembers(organization_id=self.organization_id, limit=1),
            is_target=True,
        )
        total = inside(members, "total_count")
        removes = f"removes {count(total, 'membership')}" if members else "removes every membership"
        found = inside(members, "data", 0, "organization")
        if not found:
            found = await look.at(GetOrganization(organization_id=self.organization_id), is_target=True)
            return Hit.of(organization(found), removes, "voids its invitations")
        pending = await look.at(
            organization_invitations.ListOrganizationInvitations(
                organization_id=self.organization_id, status="pending", limit=1
            )
        )
        number = count(inside(pending, "total_count"), "pending invitation")
        return Hit.of(organization(found), removes, f"voids {number}" if pending else "voids its invitations")


class MergeOrganizationMetadata(
    Operation,
    id="Organizations_mergeOrganizationMetadata",
    patch="/organizations/{organization_id}/metadata",
    returns="organization",
    limit=EACH_OBJECT,
    words="set metadata of an organization, save in an organization's metadata, add a key to an "
    "organization's metadata, save something about an organization, tag a company, custom field "
    "of an organization, update organization metadata, change one key of an organization's "
    "metadata, keep an organization's other metadata",
    example=Example(
        {"organization_id": Demo("Fernhill"), "public_metadata": {"founded": 2019, "plan": None}}
    ),
):
    """Merge keys into an organization's metadata, deeply; null removes a key, at any depth."""

    organization_id: Path[OrganizationId] = arg()
    public_metadata: Body[JsonObject] = arg(optional=True)
    private_metadata: Body[JsonObject] = arg(optional=True)


class ReplaceOrganizationMetadata(
    Operation,
    id="ReplaceOrganizationMetadata",
    version="2021-02-05",
    put="/organizations/{organization_id}/metadata",
    returns="organization",
    words="overwrite an organization's metadata, discard all old metadata of an organization, replace "
    "all metadata of an organization, overwrite custom data of a company, set an organization's "
    "metadata anew, replace an organization's metadata instead of merging, whole metadata of an "
    "organization",
    example=Example({"organization_id": Demo("Thistle Studio"), "public_metadata": {"plan": "trial"}}),
):
    """Replace an organization's metadata: every key that is not given is LOST. To keep the others use
    Organizations_mergeOrganizationMetadata."""

    organization_id: Path[OrganizationId] = arg()
    public_metadata: Body[JsonObject] = arg(optional=True, risk=REPLACES_KEYS)
    private_metadata: Body[JsonObject] = arg(optional=True, risk=REPLACES_KEYS)


class SetOrganizationLogo(
    Operation,
    id="Organizations_updateOrganizationLogo",
    put="/organizations/{organization_id}/logo",
    returns="organization",
    icons=True,
    words="upload a logo, set a logo of an organization, new logo of a company, picture of a company, "
    "change a logo, brand image of an organization",
    example=Example(
        {"organization_id": Demo("Fernhill"), "uploader_user_id": Demo("nadia"), "file": Demo("an image")}
    ),
):
    """Set an organization's logo."""

    organization_id: Path[OrganizationId] = arg()
    uploader_user_id: Body[UserId] = arg(optional=True)
    file: File[str] = arg(
        "Image as base64 or data URI, at most 10 MB",
        risk=replaces("loses the present logo"),
        shown_as="has_image",
    )

    def state(self) -> Operation:
        return GetOrganization(organization_id=self.organization_id)


class DeleteOrganizationLogo(
    Operation,
    id="Organizations_removeLogo",
    delete="/organizations/{organization_id}/logo",
    returns="organization",
    words="delete a logo, take the logo of a company away, remove a company picture, organization "
    "without a logo",
    example=Example({"organization_id": Demo("Fernhill")}),
):
    """Remove an organization's logo, for good."""

    organization_id: Path[OrganizationId] = arg()

    async def hit(self, look: Look) -> Hit:
        found = await look.at(GetOrganization(organization_id=self.organization_id), is_target=True)
        none = "The organization has no logo of its own." if inside(found, "has_image") is False else ""
        return Hit.of(organization(found), "the logo is lost").if_not_already(none)
