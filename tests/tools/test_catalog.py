"""What holds for every operation, whoever adds or changes one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clerk_mcp.offering import listing
from clerk_mcp.offering.listing import entry_of, ready_entries, tool
from clerk_mcp.offering.policy import Policy, Selection
from clerk_mcp.protocol.own_tools import OWN_TOOLS
from clerk_mcp.protocol.surface import ListingMode, Surface
from clerk_tools import views
from clerk_tools.argument import Place
from clerk_tools.catalog import RESOURCES, declared_outlines, operations
from clerk_tools.operation import Effect, Envelope, Spec
from clerk_tools.outlines import OUTLINES
from tests.effects import DESTROYING_ARGUMENTS, DESTROYS_THOUGH_NOT_DELETE, READS_THOUGH_POST

SNAPSHOTS = Path(__file__).parent / "snapshots"
SPECS = [operation.spec for operation in operations().values()]
every_operation = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)

# What the answers hold, which the catalogue must say.
HANDS_OUT = {
    "Users_getOAuthAccessToken": {"token", "token_secret"},
    "SigninTokens_createToken": {"token", "url"},
    "ActorTokens_createToken": {"token", "url"},
    "Sessions_createSessionTokenFromTemplate": {"jwt"},
    "OAuthApplications_createNewApplication": {"client_secret"},
    "OAuthApplications_rotateSecret": {"client_secret"},
    "Webhooks_createSvixApp": {"svix_url"},
    "Webhooks_generateSvixDashboardUrl": {"svix_url"},
    "Invitations_createNewInvitation": {"url"},
    "OrganizationInvitations_createAndSend": {"url"},
    "OrganizationInvitations_bulkCreateAndSend": {"url"},
    "PhoneNumbers_createNewPhoneNumber": {"backup_codes"},
    "PhoneNumbers_getDetails": {"backup_codes"},
    "PhoneNumbers_updateDetails": {"backup_codes"},
    "ReplaceUserPhoneNumber": {"backup_codes"},
    "CreateSessionToken": {"jwt"},
    "RefreshSession": {"jwt", "cookies"},
    "CreateBulkInvitations": {"url"},
    "UsersGetOrganizationInvitations": {"url"},
}
CREDENTIALS = {
    "password",
    "password_digest",
    "totp_secret",
    "backup_codes",
    "signing_key",
    "code",
    "token",
    "secret",
    "access_token",
    "expired_token",
    "refresh_token",
}


def test_each_resource_has_operations_and_there_is_no_other() -> None:
    assert {spec.resource for spec in SPECS} == set(RESOURCES)


def test_the_order_is_resource_by_resource() -> None:
    resources = [spec.resource for spec in SPECS]
    assert resources == sorted(resources, key=RESOURCES.index)


@every_operation
def test_the_effect_is_what_the_call_does_to_the_world(spec: Spec) -> None:
    if spec.method == "GET" or spec.id in READS_THOUGH_POST:
        expected = Effect.READ
    elif spec.method == "DELETE" or spec.id in DESTROYS_THOUGH_NOT_DELETE:
        expected = Effect.DESTROY
    else:
        expected = Effect.WRITE
    assert spec.effect is expected


@pytest.mark.parametrize("operation_id", HANDS_OUT)
def test_what_hands_out_a_credential_says_so(operation_id: str) -> None:
    assert set(operations()[operation_id].spec.secret) >= HANDS_OUT[operation_id]


@every_operation
def test_every_credential_that_is_taken_in_is_private(spec: Spec) -> None:
    assert set(spec.private) == {a.name for a in spec.arguments} & CREDENTIALS


@every_operation
def test_the_path_arguments_are_those_in_the_path_and_are_required(spec: Spec) -> None:
    in_path = [a for a in spec.arguments if a.place is Place.PATH]
    assert sorted(f"{{{a.name}}}" for a in in_path) == sorted(s for s in spec.path.split("/") if s[:1] == "{")
    assert all(a.required for a in in_path)


@every_operation
def test_the_answer_has_a_view(spec: Spec) -> None:
    assert spec.returns in views.kinds() or spec.envelope in (Envelope.EMPTY, Envelope.TEXT)


@every_operation
def test_the_description_is_one_short_text_for_a_model(spec: Spec) -> None:
    assert 10 < len(spec.description) <= 230
    assert "\n" not in spec.description


def test_nothing_that_the_scaffold_left_open_is_left() -> None:
    root = Path(__file__).parents[2]
    for package in (root / "tools", root / "sandbox"):
        for path in package.rglob("*.py"):
            assert "WRITE:" not in path.read_text("utf-8"), f"{path} is not finished"


def test_a_description_names_only_operations_that_exist() -> None:
    named = {
        word.strip(".,:;()")
        for spec in SPECS
        for text in (spec.description, *(a.description for a in spec.arguments))
        for word in text.split()
        if "_" in word and word[0].isupper()
    }
    assert named <= set(operations())


# Hosts drop or refuse whole servers over one schema outside this subset.
ALLOWED_KEYWORDS = {
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "description",
    "default",
    "minimum",
    "maximum",
}


def schemas_within(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from schemas_within(inner)
    if "items" in schema:
        yield from schemas_within(schema["items"])


EVERY_TOOL = pytest.mark.parametrize(
    "spec", [*SPECS, *(own.spec for own in OWN_TOOLS.values())], ids=lambda spec: spec.id
)


@EVERY_TOOL
def test_the_schema_stays_in_the_subset_that_every_host_accepts(spec: Spec) -> None:
    schema = tool(spec)["inputSchema"]
    assert schema["type"] == "object"
    assert isinstance(schema["properties"], dict)
    for inner in schemas_within(schema):
        assert set(inner) <= ALLOWED_KEYWORDS
        # One type, never a list of them, and never null: several hosts refuse both.
        assert inner["type"] in ("string", "integer", "number", "boolean", "array", "object")
        # LangChain refuses all tools for Gemini where one has a list of anything but texts.
        assert all(isinstance(one, str) for one in inner.get("enum", ()))
        assert "enum" not in inner or inner["type"] == "string"
        # A model of one family refuses an array of which it is not told what is in it.
        assert inner["type"] != "array" or "items" in inner


@every_operation
def test_the_name_fits_with_a_hosts_prefix_in_front(spec: Spec) -> None:
    assert len(f"mcp__clerk__{spec.id}") <= 64
    assert spec.id.replace("_", "").isalnum()


@every_operation
def test_the_annotations_follow_from_the_effect(spec: Spec) -> None:
    hints = tool(spec)["annotations"]
    assert set(hints) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    assert hints["readOnlyHint"] is (spec.effect is Effect.READ)
    may_destroy = {row.id for row in DESTROYING_ARGUMENTS}
    assert hints["destructiveHint"] is (spec.effect is Effect.DESTROY or spec.id in may_destroy)


@every_operation
def test_every_argument_that_can_destroy_is_among_the_destroying_calls(spec: Spec) -> None:
    tried = {
        name
        for row in DESTROYING_ARGUMENTS
        if row.id == spec.id
        for name in [*row.given, *row.given.get("clear", ())]
    }
    at_risk = {a.name for a in spec.arguments if a.risk and not a.risk.keys}
    kinds = {a.risk for a in spec.arguments if a.risk and a.name in tried}
    # One argument of several that put the same thing at risk stands for all of them.
    assert {a.risk for a in spec.arguments if a.name in at_risk} <= kinds
    assert spec.clearable == frozenset() or spec.clearable & tried


JUDGED_BY_NAME = {
    *("active", "allow_idp_initiated", "allow_subdomains", "allowed_origins", "allowlist", "backup_codes"),
    *("blocklist", "callback_url", "claims", "custom_signing_key", "delivered_by_clerk", "enabled"),
    *("password", "password_digest", "private_metadata", "public_metadata", "signing_key", "totp_secret"),
    *("unsafe_metadata", "verified"),
}


@every_operation
def test_what_is_at_risk_in_one_update_is_so_in_every_other(spec: Spec) -> None:
    """Merging metadata keeps what is there; a check compares a password, and sets none."""
    if spec.method in ("PATCH", "PUT") and not spec.path.endswith("/metadata"):
        assert {a.name for a in spec.arguments if not a.risk} & JUDGED_BY_NAME == set()


def test_what_can_be_cleared_is_named_by_an_argument() -> None:
    for spec in SPECS:
        assert bool(spec.clearable) == any(a.place is Place.CLEAR for a in spec.arguments), spec.id


@every_operation
def test_what_models_see_is_the_snapshot(spec: Spec) -> None:
    """Set UPDATE_SNAPSHOTS=1 to accept a change; the diff then shows it to the reviewer."""
    path = SNAPSHOTS / f"{spec.id}.json"
    seen = json.dumps(tool(spec), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.write_text(seen, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == seen


def test_there_is_no_snapshot_of_a_tool_that_is_gone() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == set(operations())


MOST_BYTES = 700
"""Of a tool's name, description and schema. Those that are larger are listed, each with its reason."""

LARGE = {
    "CreateAgentTask": (800, "five arguments that Clerk insists on"),
    "Users_updateUserAttributes": (2_250, "every attribute of a user"),
    "Users_createNewUser": (2_500, "every attribute of a user"),
    "Users_listSortedByCreationDate": (2_100, "every filter of users"),
    "Users_getTotalCount": (1_550, "every filter of users"),
    "SamlConnectionsBeta_updateConnectionById": (1_750, "what an identity provider's metadata holds"),
    "OrganizationMemberships_getAllMembers": (1_500, "the filters of users"),
    "Invitations_createNewInvitation": (750, "everything about an invitation"),
    "Invitations_listAllNonRevoked": (750, "every filter of invitations"),
    "SamlConnectionsBeta_createNewConnection": (1_300, "what an identity provider's metadata holds"),
    "InstanceSettings_updateOrganizationSettings": (1_000, "a dozen settings"),
    "OAuthApplications_createNewApplication": (750, "every attribute of a client"),
    "CreateBulkInvitations": (850, "an invitation within an array"),
    "UpdateInstanceOAuthApplicationSettings": (950, "long names, as Clerk has them"),
    "InstanceSettings_updateInstanceSettings": (1_200, "a dozen settings"),
    "JwtTemplates_updateTemplateById": (900, "algorithms and bounds"),
    "EmailSmsTemplates_updateTemplateByTypeAndSlug": (900, "every part of a message"),
    "BetaFeatures_updateInstanceSettings": (950, "settings that are easily mistaken for others"),
    "OrganizationInvitations_bulkCreateAndSend": (850, "an invitation within an array"),
    "OrganizationInvitations_createAndSend": (850, "everything about an invitation"),
    "Organizations_updateOrganization": (800, "every attribute of an organization"),
    "Organizations_listSortedByCreationDate": (900, "every filter of organizations"),
    "CreateDirectory": (800, "the mappings that it begins with"),
    "CreateEnterpriseConnection": (2_000, "what SAML and OIDC providers tell"),
    "UpdateEnterpriseConnection": (2_150, "what SAML and OIDC providers tell"),
    "ListAllOrganizationDomains": (1_020, "every filter of domains"),
    "CreateRoleSet": (800, "which of its roles is the default one, and which the creator's"),
}

# What a model pays for: names, descriptions and schemas, as compact JSON in bytes.
MOST_CORE = 56_000
MOST_BY_DEFAULT = 60_000
MOST_IN_ALL = 116_000
MOST_SEARCHING = 2_500


def cost(listed: list[dict[str, Any]]) -> int:
    return sum(len(compact({key: t[key] for key in ("name", "description", "inputSchema")})) for t in listed)


@every_operation
def test_a_tool_fits_its_budget(spec: Spec) -> None:
    most, _ = LARGE.get(spec.id, (MOST_BYTES, ""))
    assert cost([tool(spec)]) <= most


def test_what_is_listed_fits_its_budget() -> None:
    def listed(mode: ListingMode, *toolsets: str) -> int:
        return cost(Surface(mode, Policy(Selection.of(toolsets)), 1).tools(None, None))

    assert cost([tool(spec) for spec in SPECS if spec.is_core]) <= MOST_CORE
    assert listed("all") <= MOST_BY_DEFAULT
    # With the server's own tools beside them.
    assert listed("all", "all") <= MOST_IN_ALL
    assert listed("search") <= MOST_SEARCHING


def compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def test_what_a_start_knows_of_each_operation_is_what_is_declared() -> None:
    """`python docs/generate.py` writes it."""
    assert declared_outlines() == OUTLINES
    assert [*OUTLINES] == [resource for resource in RESOURCES if resource in OUTLINES]


def test_what_is_listed_by_default_is_ready_as_it_is_declared() -> None:
    """`python docs/generate.py` writes it."""
    ready = ready_entries()
    assert {id: entry_of(id) for id in operations().core()} == ready
    written = Path(listing.__file__).with_name("ready.json").read_text(encoding="utf-8")
    # To the order of names, which models read too.
    assert json.dumps(json.loads(written)) == json.dumps(ready)


def test_a_declaration_is_imported_when_its_operation_is_wanted() -> None:
    code = """
import sys
from clerk_tools.catalog import operations
assert "Jwks_getJsonWebKeySet" in operations() and len(operations()) == len([*operations()])
assert operations().of_resources({"jwks"}) == ["Jwks_getJsonWebKeySet"]
assert "clerk_tools.resources.jwks" not in sys.modules
assert operations()["Jwks_getJsonWebKeySet"].spec.path == "/jwks"
assert {name for name in sys.modules if name.startswith("clerk_tools.resources.")} == {
    "clerk_tools.resources.jwks"
}
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


@pytest.mark.parametrize("given", ["{}", "{'read_only': True}", "{'mode': 'search'}", "{'toolsets': 'core'}"])
def test_a_start_and_a_listing_import_no_declaration_and_nothing_that_calls_need(given: str) -> None:
    code = f"""
import asyncio, sys
from types import SimpleNamespace
from clerk_mcp.offering import Policy, Selection
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
settings = load({{"clerk_secret_key": "sk_test_x"}} | {given})
listing = make_server(settings).get_request_handler("tools/list").handler
context = SimpleNamespace(session=SimpleNamespace(client_params=None, client_capabilities=None), request=None)
assert asyncio.run(listing(context, None))["tools"]
assert Policy(Selection.of()).allowed(frozenset({{"clerk:read"}}))
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    imported = set(done.stdout.split())
    # Every host waits for a start and a listing, which do without.
    assert not {module for module in imported if module.startswith(AT_FIRST_USE)}


AT_FIRST_USE = (
    "clerk_tools.resources.",
    "clerk_mcp.auditing.tail",
    "clerk_mcp.auditing.trail",
    "clerk_mcp.auditing.undoing",
    "clerk_mcp.bulk.all_pages",
    "clerk_mcp.bulk.comparing",
    "clerk_mcp.bulk.conditions",
    "clerk_mcp.bulk.each_item",
    "clerk_mcp.bulk.export",
    "clerk_mcp.bulk.grouping",
    "clerk_mcp.bulk.imports",
    "clerk_mcp.bulk.links",
    "clerk_mcp.bulk.paging",
    "clerk_mcp.bulk.planning",
    "clerk_mcp.bulk.reading",
    "clerk_mcp.bulk.running",
    "clerk_mcp.bulk.tables",
    "clerk_mcp.bulk.wanted",
    "clerk_mcp.calling.asked",
    "clerk_mcp.calling.previews",
    "clerk_mcp.commands",
    "clerk_mcp.hosting",
    "clerk_mcp.protocol.offer",
    "clerk_mcp.upstream.wire",
    "clerk_sandbox",
    "clerk_tools.gaps",
    "clerk_tools.searching",
    "clerk_tools.speech",
    "clerk_tools.views.known",
    "clerk_tools.views.with_logic",
)
