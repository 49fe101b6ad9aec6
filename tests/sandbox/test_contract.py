"""Every operation answers in the shapes of Clerk's document, when it succeeds and when it fails.

`Clerk` checks the shape of each answer it gets, so these tests only have to make the calls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from clerk_backend_api import models
from pydantic import TypeAdapter

from clerk_sandbox.examples import example_calls, filled_in
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.argument import Place
from clerk_tools.catalog import operations
from tests.contract.shapes import problems
from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

# Their path holds no id: it is a type or a provider that is checked.
NOT_IN_PRODUCTION = {"createSession"}
"""Refused there, and so not among its answers."""

CHECKED_IN_PATH = {"EmailSmsTemplates_listSortedByPosition"}


# The SDK gives these no model with a name of its own.
NO_MODEL = {"instance_settings", "oauth_access_token"}
MODELS: dict[str, Any] = {
    "actor_token": models.ActorToken,
    "allowlist_identifier": models.AllowlistIdentifier,
    "blocklist_identifier": models.BlocklistIdentifier,
    "client": models.Client,
    "deleted": models.DeletedObject,
    "domain": models.Domain,
    "email_address": models.EmailAddress,
    "instance_restrictions": models.InstanceRestrictions,
    "invitation": models.Invitation,
    "jwt_template": models.JWTTemplate,
    "oauth_application": models.OAuthApplication,
    "organization": models.Organization,
    "organization_invitation": models.OrganizationInvitation,
    "organization_membership": models.OrganizationMembership,
    "organization_settings": models.OrganizationSettings,
    "phone_number": models.PhoneNumber,
    "proxy_check": models.ProxyCheck,
    "redirect_url": models.RedirectURL,
    "saml_connection": models.SAMLConnection,
    "session": models.Session,
    "sign_in_token": models.SignInToken,
    "sign_up_attempt": models.SignUp,
    "template": models.Template,
    "token": models.Token,
    "total_count": models.TotalCount,
    "user": models.User,
}


def model_of(kind: str) -> Any:
    """The SDK's model of a kind; of those that came later, the one that has its name, if there is one."""
    return MODELS.get(kind) or getattr(models, "".join(map(str.capitalize, kind.split("_"))), None)


def path_arguments(operation_id: str) -> list[str]:
    return [one.name for one in operations()[operation_id].spec.arguments if one.place is Place.PATH]


WITH_AN_ID = sorted({one for one in operations() if path_arguments(one)} - CHECKED_IN_PATH)
WITH_A_BODY = sorted(one for one in operations() if operations()[one].spec.media_type == "application/json")


async def all_answers(clerk: Clerk) -> AsyncIterator[Any]:
    """What every operation answers to its valid call, in order."""
    token = ""
    for operation_id, arguments in example_calls(clerk.sandbox.instance.clock).items():
        if clerk.sandbox.instance.live and operation_id in NOT_IN_PRODUCTION:
            refused = await clerk.error(operation_id, **arguments)
            assert refused[:2] == (403, "authorization_invalid")
            yield None
            continue
        answer = await clerk.call(operation_id, **filled_in(arguments, token))
        if operation_id == "Sessions_createSessionTokenFromTemplate":
            token = answer["jwt"]
        yield answer


def objects_in(answer: Any) -> list[dict[str, Any]]:
    """The objects of an answer that say what they are, out of whatever envelope they came in."""
    if isinstance(answer, dict) and "data" in answer:
        return objects_in(answer["data"])
    values = answer if isinstance(answer, list) else [answer]
    return [value for value in values if isinstance(value, dict) and "object" in value]


def test_there_is_a_valid_call_for_every_operation_and_for_no_other() -> None:
    assert example_calls().keys() == operations().keys()


def test_every_valid_call_satisfies_the_schema_of_its_tool() -> None:
    for operation_id, arguments in example_calls().items():
        operations()[operation_id](**arguments)


@pytest.mark.parametrize("live", [False, True], ids=["development", "production"])
async def test_every_operation_succeeds_on_the_demo_company_in_the_shape_of_the_document(live: bool) -> None:
    answers = [answer async for answer in all_answers(Clerk(Sandbox(live=live)))]
    assert len(answers) == len(operations())


@pytest.mark.filterwarnings("ignore:warning. .. DEPRECATED:DeprecationWarning")
async def test_todays_sdk_takes_every_object_that_is_answered(clerk: Clerk) -> None:
    """Its models want more fields than the document does, because the live service answers them."""
    seen = set()
    async for answer in all_answers(clerk):
        for value in objects_in(answer):
            kind = "deleted" if "deleted" in value else value["object"]
            if kind in NO_MODEL or not (model := model_of(kind)):
                continue
            TypeAdapter(model).validate_python(value)
            seen.add(kind)
    assert seen >= MODELS.keys()


@pytest.mark.parametrize("operation_id", WITH_AN_ID)
async def test_an_id_that_nothing_has_is_not_found(clerk: Clerk, operation_id: str) -> None:
    arguments = filled_in(example_calls()[operation_id], issued_token="irrelevant")
    first = path_arguments(operation_id)[0]
    status, code, _ = await clerk.error(operation_id, **arguments | {first: "no_such_id"})
    assert (status, code) == (404, "resource_not_found")


async def test_every_operation_but_the_interstitial_wants_a_key() -> None:
    clerk = Clerk(Sandbox())
    clerk.sandbox.key = "sk_test_another"
    for operation_id, arguments in example_calls().items():
        response = await clerk.send(operation_id, **arguments)
        expected = 200 if operation_id == "Miscellaneous_getInterstitialMarkup" else 401
        assert (operation_id, response.status_code) == (operation_id, expected)


@pytest.mark.parametrize("operation_id", WITH_A_BODY)
async def test_an_unknown_body_parameter_is_refused_by_name(clerk: Clerk, operation_id: str) -> None:
    operation = operations()[operation_id]
    arguments = filled_in(example_calls()[operation_id], issued_token="irrelevant")
    path = operation.model_construct(**arguments).to_request().path
    body: object = {"favourite_color": "green"}
    if operation.spec.array_body:
        body = [body]
    response = await clerk.http.request(
        operation.spec.method,
        path.lstrip("/"),
        json=body,
        headers={"Clerk-API-Version": operation.spec.version},
    )
    assert problems(operation_id, response.status_code, response.json()) == []
    (error,) = response.json()["errors"]
    assert (response.status_code, error["code"]) == (422, "form_param_unknown")
    assert error["meta"]["param_name"].endswith("favourite_color")
