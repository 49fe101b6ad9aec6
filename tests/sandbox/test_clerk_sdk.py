"""Clerk's own Python SDK against the sandbox on a real port: its strict models accept our answers, its typed
errors understand ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clerk_backend_api import Clerk, models

from clerk_sandbox.demo_data import PASSWORD
from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk_sdks import PYTHON_FAULTS, python_results
from tests.sandbox.clerk_sdks import python_sdk as sdk
from tests.sandbox.server import serving

# The SDK warns of its own deprecated fields whenever it looks at them.
pytestmark = pytest.mark.filterwarnings("ignore:.*DEPRECATED:DeprecationWarning")


@pytest.fixture
def clerk(sandbox: Sandbox) -> Iterator[Clerk]:
    with serving(sandbox) as server, sdk(sandbox.key, server.base_url) as client:
        yield client


def user_by(clerk: Clerk, username: str) -> models.User:
    (user,) = clerk.users.list(request={"username": [username]})
    return user


def test_every_method_succeeds_but_those_that_fail_by_the_sdks_own_fault() -> None:
    results = {result.method: result.problem for result in python_results()}
    assert len(results) > 230
    failed = {method: problem for method, problem in results.items() if problem is not None}
    assert failed.keys() == PYTHON_FAULTS.keys(), failed


def test_it_lists_everything_there_is(clerk: Clerk) -> None:
    users = clerk.users.list(request={"limit": 100, "order_by": "+created_at"})
    assert users[0].first_name == "Nadia"
    assert clerk.users.count(request={}).total_count == len(users) == 25
    assert (
        clerk.users.list(request={"email_address": ["chloe+clerk_test@example.com"]})[0].first_name == "Chloe"
    )
    assert clerk.sessions.list(user_id=users[0].id)
    assert clerk.invitations.list()
    assert clerk.organizations.list(include_members_count=True).total_count == 4
    assert clerk.allowlist_identifiers.list()
    assert clerk.blocklist_identifiers.list().total_count
    assert clerk.jwt_templates.list()
    assert clerk.oauth_applications.list().total_count
    assert clerk.redirect_urls.list()
    assert clerk.domains.list().total_count == 2
    assert clerk.jwks.get_jwks().keys


def test_it_creates_reads_updates_and_deletes_a_user(clerk: Clerk) -> None:
    user = clerk.users.create(
        email_address=["sdk@new.example"],
        phone_number=["+12015550170"],
        first_name="Sdk",
        password="tulips in may",
        totp_secret="JBSWY3DPEHPK3PXP",
        public_metadata={"a": 1, "b": {"c": 2}},
    )
    assert clerk.users.get(user_id=user.id) == user
    updated = clerk.users.update(user_id=user.id, first_name="Changed", username="sdk_user")
    assert (updated.first_name, updated.username) == ("Changed", "sdk_user")
    merged = clerk.users.update_metadata(user_id=user.id, public_metadata={"b": {"c": None}, "d": 3})
    assert merged.public_metadata == {"a": 1, "b": {}, "d": 3}
    verified = clerk.users.verify_password(user_id=user.id, password="tulips in may")
    assert verified is not None
    assert verified.verified
    email = clerk.email_addresses.create(
        request={"user_id": user.id, "email_address": "sdk2@new.example", "verified": True, "primary": True}
    )
    assert email is not None
    assert clerk.users.get(user_id=user.id).primary_email_address_id == email.id
    clerk.phone_numbers.create(
        request={
            "user_id": user.id,
            "phone_number": "+12015550171",
            "verified": True,
            "reserved_for_second_factor": True,
        }
    )
    clerk.users.disable_mfa(user_id=user.id)
    assert clerk.users.get(user_id=user.id).two_factor_enabled is False
    assert clerk.users.delete(user_id=user.id).deleted
    with pytest.raises(models.ClerkErrors):
        clerk.users.get(user_id=user.id)


def test_it_bans_locks_and_lets_in_again(clerk: Clerk) -> None:
    tomas = user_by(clerk, "tomas")
    active = models.QueryParamStatus.ACTIVE
    assert len(clerk.sessions.list(user_id=tomas.id, status=active)) == 2
    assert clerk.users.ban(user_id=tomas.id).banned
    assert clerk.sessions.list(user_id=tomas.id, status=active) == []
    assert not clerk.users.unban(user_id=tomas.id).banned
    assert clerk.users.lock(user_id=tomas.id).lockout_expires_in_seconds
    assert not clerk.users.unlock(user_id=tomas.id).locked


def test_it_invites_and_takes_the_invitation_back(clerk: Clerk) -> None:
    invitation = clerk.invitations.create(request={"email_address": "sdk@new.example"})
    assert clerk.invitations.list()[0].id == invitation.id
    assert clerk.invitations.revoke(invitation_id=invitation.id).status == "revoked"


def test_it_runs_an_organization_from_beginning_to_end(clerk: Clerk) -> None:
    nadia, tomas = user_by(clerk, "nadia"), user_by(clerk, "tomas")
    organization = clerk.organizations.create(request={"name": "Made by SDK", "created_by": nadia.id})
    clerk.organization_memberships.create(
        organization_id=organization.id, user_id=tomas.id, role="org:member"
    )
    assert clerk.organization_memberships.list(organization_id=organization.id).total_count == 2
    assert clerk.users.get_organization_memberships(user_id=tomas.id).total_count == 2
    invitation = clerk.organization_invitations.create(
        organization_id=organization.id,
        email_address="sdk@new.example",
        inviter_user_id=nadia.id,
        role="org:member",
    )
    clerk.organization_invitations.revoke(
        organization_id=organization.id, invitation_id=invitation.id, requesting_user_id=nadia.id
    )
    clerk.organization_memberships.delete(organization_id=organization.id, user_id=tomas.id)
    assert clerk.organizations.delete(organization_id=organization.id).deleted


def test_it_gets_tokens(clerk: Clerk) -> None:
    nadia, ingrid = user_by(clerk, "nadia"), user_by(clerk, "ingrid")
    (token,) = clerk.users.get_o_auth_access_token(user_id=ingrid.id, provider="oauth_google")
    assert token.token
    sign_in = clerk.sign_in_tokens.create(request={"user_id": nadia.id})
    assert sign_in is not None
    assert clerk.sign_in_tokens.revoke(sign_in_token_id=sign_in.id).status == "revoked"
    acting = clerk.actor_tokens.create(request={"user_id": nadia.id, "actor": {"sub": ingrid.id}})
    assert acting is not None
    assert clerk.actor_tokens.revoke(actor_token_id=acting.id).status == "revoked"


def test_a_machines_own_key_opens_its_tokens_and_nothing_else(sandbox: Sandbox) -> None:
    with serving(sandbox) as server, sdk(sandbox.key, server.base_url) as instance:
        reports = instance.machines.create(request={"name": "Reports"})
        importer = instance.machines.create(request={"name": "Importer", "scoped_machines": [reports.id]})
        stranger = instance.machines.create(request={"name": "Stranger"})

        def key_of(machine_id: str) -> str:
            return str(instance.machines.get_secret_key(machine_id=machine_id).secret)

        with sdk(key_of(importer.id), server.base_url) as its:
            token = its.m2m.create_token()
            assert token.subject == importer.id
            with pytest.raises(models.ClerkBaseError):
                its.machines.list()
        with sdk(key_of(reports.id), server.base_url) as its:
            assert its.m2m.verify_token(token=token.token).id == token.id
        with sdk(key_of(stranger.id), server.base_url) as its, pytest.raises(models.ClerkBaseError):
            its.m2m.verify_token(token=token.token)


def test_it_raises_its_own_typed_errors(clerk: Clerk) -> None:
    with pytest.raises(models.ClerkErrors) as taken:
        clerk.users.create(username="nadia", password=PASSWORD)
    (error,) = taken.value.data.errors
    assert (taken.value.status_code, error.code) == (422, "form_identifier_exists")
    assert "clerk_trace_id" in taken.value.body
    with pytest.raises(models.ClerkErrors) as missing:
        clerk.organizations.get(organization_id="org_nothing")
    assert missing.value.data.errors[0].code == "resource_not_found"


def test_a_wrong_key_and_a_refusal_for_too_many_requests_reach_it_as_errors() -> None:
    sandbox = Sandbox(faults="429=1")
    with serving(sandbox) as server, sdk(sandbox.key, server.base_url) as client:
        with pytest.raises(models.SDKError) as refused:
            client.users.count(request={})
        assert refused.value.status_code == 429
    sandbox = Sandbox()
    with serving(sandbox) as server, sdk("sk_test_wrong", server.base_url) as client:
        with pytest.raises(models.ClerkErrors) as unknown:
            client.users.get(user_id="user_x")
        assert unknown.value.data.errors[0].code == "clerk_key_invalid"
