"""Random sequences of operations on users, organizations, memberships and invitations, against a model.

The model predicts of every call whether it succeeds and, if not, with which code. After each step, the users
and the memberships that the sandbox lists have to be the model's.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk import Clerk

ADMIN, MEMBER = "org:admin", "org:member"
# Few of each, so that they collide.
EMAILS = st.sampled_from([f"{name}@model.example" for name in "abcdef"])
USERNAMES = st.sampled_from([None, "user_one", "user_two", "USER_ONE"])
EXTERNAL_IDS = st.sampled_from([None, None, "x-1", "x-2"])
ROLES = st.sampled_from([ADMIN, MEMBER])


@dataclass
class User:
    emails: list[str]
    username: str | None
    external_id: str | None
    banned: bool = False
    email_ids: dict[str, str] = field(default_factory=dict)

    @property
    def identifications(self) -> int:
        return len(self.emails) + (self.username is not None)


@dataclass
class Organization:
    limit: int
    members: dict[str, str]
    invited: dict[str, str] = field(default_factory=dict)  # email address -> id of the pending invitation
    closed: set[str] = field(default_factory=set)  # ids of revoked invitations

    @property
    def is_full(self) -> bool:
        return len(self.members) + len(self.invited) >= self.limit

    def is_last_admin(self, user: str) -> bool:
        return [member for member, role in self.members.items() if role == ADMIN] == [user]


class ClerkModel(RuleBasedStateMachine):
    users = Bundle("users")
    organizations = Bundle("organizations")

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, User] = {}
        self.tenants: dict[str, Organization] = {}
        self.invitations: dict[str, tuple[str, str]] = {}  # id -> email address, status

    @initialize()
    def empty_instance(self) -> None:
        snapshot = Sandbox().snapshot()
        # No instance is without a domain, and without the roles that Clerk sets up.
        kept = [
            name for name in snapshot["tables"] if name == "domains" or "role" in name or "permission" in name
        ]
        snapshot["tables"] = {
            name: records if name in kept else [] for name, records in snapshot["tables"].items()
        }
        self.clerk = Clerk(Sandbox(data=snapshot))
        self.loop = asyncio.Runner()

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()

    def call(self, operation: str, **arguments: Any) -> Any:
        return self.loop.run(self.clerk.call(operation, **arguments))

    def attempt(self, operation: str, expected: str | None, **arguments: Any) -> Any:
        """A call that must be refused with the code `expected`, or succeed where that is None."""
        if expected is None:
            return self.call(operation, **arguments)
        assert self.loop.run(self.clerk.error(operation, **arguments))[1] == expected
        return None

    # What the model knows

    def owner_of(self, email_address: str) -> str | None:
        return next((one for one, user in self.people.items() if email_address in user.emails), None)

    def is_taken(
        self, username: str | None, external_id: str | None, by_another_than: str | None = None
    ) -> bool:
        others = [user for one, user in self.people.items() if one != by_another_than]
        return (
            username is not None and username.lower() in {(user.username or "").lower() for user in others}
        ) or (external_id is not None and external_id in {user.external_id for user in others})

    # Users

    @rule(
        target=users,
        emails=st.lists(EMAILS, max_size=2, unique=True),
        username=USERNAMES,
        external_id=EXTERNAL_IDS,
    )
    def create_user(self, emails: list[str], username: str | None, external_id: str | None) -> Any:
        expected = None
        if any(map(self.owner_of, emails)) or self.is_taken(username, external_id):
            expected = "form_identifier_exists"
        elif not emails and username is None:
            expected = "form_data_missing"
        user = self.attempt(
            "Users_createNewUser",
            expected,
            email_address=emails,
            username=username,
            external_id=external_id,
        )
        if user is None:
            return multiple()
        ids = {email["email_address"]: email["id"] for email in user["email_addresses"]}
        self.people[user["id"]] = User(emails, username, external_id, email_ids=ids)
        return user["id"]

    @rule(user=users, username=USERNAMES, external_id=EXTERNAL_IDS)
    def rename_user(self, user: str, username: str | None, external_id: str | None) -> None:
        known = self.people.get(user)
        expected = None
        if known is None:
            expected = "resource_not_found"
        elif self.is_taken(username, external_id, by_another_than=user):
            expected = "form_identifier_exists"
        elif username is None and known.username is not None and known.identifications == 1:
            expected = "identification_deletion_failed"
        self.attempt(
            "Users_updateUserAttributes", expected, user_id=user, username=username, external_id=external_id
        )
        if known and expected is None:
            known.username, known.external_id = username, external_id

    @rule(user=users, banned=st.booleans())
    def ban_or_unban_user(self, user: str, banned: bool) -> None:
        known = self.people.get(user)
        operation = "Users_markBanned" if banned else "Users_removeBanFromUser"
        self.attempt(operation, None if known else "resource_not_found", user_id=user)
        if known:
            known.banned = banned

    @rule(user=users, email_address=EMAILS)
    def add_email_address(self, user: str, email_address: str) -> None:
        known = self.people.get(user)
        expected = "resource_not_found" if known is None else None
        if known and self.owner_of(email_address):
            expected = "form_identifier_exists"
        email = self.attempt(
            "EmailAddresses_createNewAddress",
            expected,
            user_id=user,
            email_address=email_address,
            verified=True,
        )
        if known and email:
            known.emails.append(email_address)
            known.email_ids[email_address] = email["id"]

    @rule(email_address=EMAILS)
    def delete_email_address(self, email_address: str) -> None:
        owner = self.owner_of(email_address)
        if owner is None:
            return
        known = self.people[owner]
        expected = "identification_deletion_failed" if known.identifications == 1 else None
        self.attempt("EmailAddresses_deleteById", expected, email_address_id=known.email_ids[email_address])
        if expected is None:
            known.emails.remove(email_address)

    @rule(user=consumes(users))
    def delete_user(self, user: str) -> None:
        self.attempt(
            "Users_deleteUserById", None if user in self.people else "resource_not_found", user_id=user
        )
        self.people.pop(user, None)
        for organization in self.tenants.values():
            organization.members.pop(user, None)

    # Organizations and memberships

    @rule(target=organizations, creator=users, limit=st.integers(1, 4))
    def create_organization(self, creator: str, limit: int) -> Any:
        expected = None if creator in self.people else "organization_creator_not_found"
        organization = self.attempt(
            "Organizations_createNewOrganization",
            expected,
            name="Model",
            created_by=creator,
            max_allowed_memberships=limit,
        )
        if organization is None:
            return multiple()
        self.tenants[organization["id"]] = Organization(limit, {creator: ADMIN})
        return organization["id"]

    @rule(organization=consumes(organizations))
    def delete_organization(self, organization: str) -> None:
        self.call("Organizations_deleteOrganization", organization_id=organization)
        del self.tenants[organization]

    @rule(organization=organizations, user=users, role=ROLES)
    def add_member(self, organization: str, user: str, role: str) -> None:
        tenant = self.tenants[organization]
        expected = None
        if user not in self.people:
            expected = "resource_not_found"
        elif user in tenant.members:
            expected = "already_a_member_in_organization"
        elif tenant.is_full:
            expected = "organization_membership_quota_exceeded"
        self.attempt(
            "OrganizationMemberships_addUserToOrganization",
            expected,
            organization_id=organization,
            user_id=user,
            role=role,
        )
        if expected is None:
            tenant.members[user] = role

    @rule(organization=organizations, user=users, role=ROLES)
    def change_role(self, organization: str, user: str, role: str) -> None:
        tenant = self.tenants[organization]
        expected = None
        if user not in tenant.members:
            expected = "resource_not_found"
        elif role != ADMIN and tenant.is_last_admin(user):
            expected = "organization_minimum_permissions_needed"
        self.attempt(
            "OrganizationMemberships_updateMembershipProperties",
            expected,
            organization_id=organization,
            user_id=user,
            role=role,
        )
        if expected is None:
            tenant.members[user] = role

    @rule(organization=organizations, user=users)
    def remove_member(self, organization: str, user: str) -> None:
        tenant = self.tenants[organization]
        expected = None
        if user not in tenant.members:
            expected = "resource_not_found"
        elif tenant.is_last_admin(user):
            expected = "organization_minimum_permissions_needed"
        self.attempt(
            "OrganizationMemberships_removeUserFromOrganization",
            expected,
            organization_id=organization,
            user_id=user,
        )
        if expected is None:
            del tenant.members[user]

    # Invitations

    @rule(organization=organizations, inviter=users, email_address=EMAILS)
    def invite_to_organization(self, organization: str, inviter: str, email_address: str) -> None:
        tenant = self.tenants[organization]
        expected = None
        if inviter not in self.people:
            expected = "resource_not_found"
        elif tenant.members.get(inviter) != ADMIN:
            expected = "authorization_invalid"
        elif self.owner_of(email_address) in tenant.members:
            expected = "already_a_member_in_organization"
        elif email_address in tenant.invited:
            expected = "organization_invitation_not_unique"
        elif tenant.is_full:
            expected = "organization_membership_quota_exceeded"
        invitation = self.attempt(
            "OrganizationInvitations_createAndSend",
            expected,
            organization_id=organization,
            email_address=email_address,
            inviter_user_id=inviter,
            role=MEMBER,
        )
        if invitation:
            tenant.invited[email_address] = invitation["id"]

    @rule(organization=organizations, admin=users, email_address=EMAILS)
    def revoke_organization_invitation(self, organization: str, admin: str, email_address: str) -> None:
        tenant = self.tenants[organization]
        if email_address not in tenant.invited:
            return
        expected = None
        if admin not in self.people:
            expected = "resource_not_found"
        elif tenant.members.get(admin) != ADMIN:
            expected = "authorization_invalid"
        arguments = {
            "organization_id": organization,
            "invitation_id": tenant.invited[email_address],
            "requesting_user_id": admin,
        }
        self.attempt("OrganizationInvitations_revokeInvitation", expected, **arguments)
        if expected is None:
            self.attempt(
                "OrganizationInvitations_revokeInvitation", "organization_invitation_not_pending", **arguments
            )
            tenant.closed.add(tenant.invited.pop(email_address))

    @rule(email_address=EMAILS, ignore_existing=st.booleans())
    def invite(self, email_address: str, ignore_existing: bool) -> None:
        expected = None
        if not ignore_existing:
            if self.owner_of(email_address):
                expected = "form_identifier_exists"
            elif (email_address, "pending") in self.invitations.values():
                expected = "duplicate_record"
        invitation = self.attempt(
            "Invitations_createNewInvitation",
            expected,
            email_address=email_address,
            ignore_existing=ignore_existing,
        )
        if invitation:
            self.invitations[invitation["id"]] = (email_address, "pending")

    @rule(choice=st.randoms(use_true_random=False))
    def revoke_invitation(self, choice: Any) -> None:
        if not self.invitations:
            return
        invitation = choice.choice(sorted(self.invitations))
        email_address, status = self.invitations[invitation]
        expected = "invitation_already_revoked" if status == "revoked" else None
        self.attempt("Invitations_revokeInvitation", expected, invitation_id=invitation)
        self.invitations[invitation] = (email_address, "revoked")

    # What holds at all times

    @invariant()
    def users_agree(self) -> None:
        listed = self.call("Users_listSortedByCreationDate", limit=500)
        assert {user["id"] for user in listed} == set(self.people)
        assert self.call("Users_getTotalCount")["total_count"] == len(listed)
        for user in listed:
            known = self.people[user["id"]]
            assert [email["email_address"] for email in user["email_addresses"]] == known.emails
            assert (user["username"], user["external_id"]) == (known.username, known.external_id)
            assert user["banned"] == known.banned
            primary = user["primary_email_address_id"]
            assert (primary in {email["id"] for email in user["email_addresses"]}) == bool(known.emails)
        for name in ("username", "external_id"):
            values = [user[name].lower() for user in listed if user[name]]
            assert len(values) == len(set(values)), f"two users have one {name}"
        emails = [email["email_address"] for user in listed for email in user["email_addresses"]]
        assert len(emails) == len(set(emails)), "two users have one email address"

    @invariant()
    def memberships_agree(self) -> None:
        """In particular, none is an orphan."""
        for organization, tenant in self.tenants.items():
            listed = self.call(
                "OrganizationMemberships_getAllMembers", organization_id=organization, limit=500
            )
            roles = {one["public_user_data"]["user_id"]: one["role"] for one in listed["data"]}
            assert roles == tenant.members
            assert listed["total_count"] == len(listed["data"]) == len(roles)
            assert set(roles) <= set(self.people)

    @rule()
    def pages_hold_each_record_once(self) -> None:
        self.each_once("Users_listSortedByCreationDate", set(self.people))
        self.each_once("Organizations_listSortedByCreationDate", set(self.tenants))
        self.each_once(
            "Invitations_listAllNonRevoked",
            {one for one, (_, status) in self.invitations.items() if status == "pending"},
        )
        for organization, tenant in self.tenants.items():
            here = {"organization_id": organization}
            listed = self.call("OrganizationMemberships_getAllMembers", limit=500, **here)["data"]
            self.each_once("OrganizationMemberships_getAllMembers", {one["id"] for one in listed}, **here)
            self.each_once("OrganizationInvitations_listPending", set(tenant.invited.values()), **here)
            self.each_once(
                "OrganizationInvitations_list", set(tenant.invited.values()) | tenant.closed, **here
            )

    @rule()
    def filters_find_their_own(self) -> None:
        for organization, tenant in self.tenants.items():
            found = self.call("Users_listSortedByCreationDate", limit=500, organization_id=[organization])
            assert {user["id"] for user in found} == set(tenant.members)
        for user, known in self.people.items():
            memberships = self.call("Users_getOrganizationMemberships", user_id=user, limit=500)
            theirs = {one for one, tenant in self.tenants.items() if user in tenant.members}
            assert {one["organization"]["id"] for one in memberships["data"]} == theirs
            for email_address in known.emails:
                (found_by_email,) = self.call("Users_listSortedByCreationDate", email_address=[email_address])
                assert found_by_email["id"] == user

    def each_once(self, operation: str, expected: set[str], **arguments: Any) -> None:
        """Paging two by two meets every one of `expected`, once, and nothing else."""
        met: list[str] = []
        while True:
            page = self.call(operation, limit=2, offset=len(met), **arguments)
            records = page if isinstance(page, list) else page["data"]
            if not isinstance(page, list):
                assert page["total_count"] == len(expected)
            if not records:
                break
            met += [record["id"] for record in records]
        assert len(met) == len(expected)
        assert set(met) == expected


TestClerkModel = ClerkModel.TestCase
TestClerkModel.settings = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
