"""The demo company by the names that tests use."""

from __future__ import annotations

from clerk_sandbox.examples import id_of, user_id
from clerk_sandbox.sandbox import Sandbox


class Demo:
    """Ids of the demo data: an organization's admin, a member, somebody outside."""

    def __init__(self, sandbox: Sandbox) -> None:
        instance = sandbox.instance
        self.fernhill = id_of(instance.organizations, name="Fernhill")
        self.nursery = id_of(instance.organizations, slug="alder-vale")
        self.thistle = id_of(instance.organizations, name="Thistle Studio")
        self.admin = user_id(instance, "nadia.brandt@fernhill.example")
        self.member = user_id(instance, "mei.tanaka@fernhill.example")
        self.nursery_admin = user_id(instance, "bridget@aldervale.example")
        self.thistle_admin = user_id(instance, "fiona@thistle.example")
        self.outsider = user_id(instance, "aisha.karim@example.com")
        self.pending_invitation = id_of(
            instance.organization_invitations, organization_id=self.fernhill, status="pending"
        )
        self.revoked_invitation = id_of(
            instance.organization_invitations, organization_id=self.fernhill, status="revoked"
        )
