"""Every declared argument changes something in the sandbox, or is named with the reason why it does not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Final

import pytest

from clerk_sandbox.collection import INERT
from clerk_sandbox.examples import PNG, example_calls, filled_in, resolved
from clerk_sandbox.routing import handlers
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.argument import Argument, Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Spec
from clerk_tools.spec import Demo
from tests.sandbox.clock import Clock

_NO_MAIL: Final = "the sandbox sends no mail"
_NO_CONSENT: Final = "the demo asks for no consent"

CHANGES_NOTHING: Final[dict[str, dict[str, str]]] = {
    "CreateWaitlistEntry": {"notify": _NO_MAIL},
    "RotateMachineSecretKey": {"previous_token_ttl": "no call of the sandbox is made with a machine's key"},
    "verifyOAuthAccessToken": {"secret": "the older name of access_token, which the example gives"},
    "Users_createNewUser": {
        "skip_password_requirement": "the demo requires no password",
        "skip_legal_checks": _NO_CONSENT,
    },
    "Users_updateUserAttributes": {
        "notify_primary_email_address_changed": _NO_MAIL,
        "skip_legal_checks": _NO_CONSENT,
    },
    "SamlConnectionsBeta_updateConnectionById": {
        "consent_verified_domains_deletion": "no organization's domain of the demo is in a connection's way",
    },
    "EmailAddresses_createNewAddress": {"notify_primary_email_address_changed": _NO_MAIL},
    "EmailAddresses_updateAddress": {"notify_primary_email_address_changed": _NO_MAIL},
    "OrganizationInvitations_createAndSend": {"notify": _NO_MAIL},
    "ReplaceUserEmailAddress": {"notify_primary_email_address_changed": _NO_MAIL},
    "Invitations_createNewInvitation": {"notify": _NO_MAIL, "template_slug": _NO_MAIL},
    "PhoneNumbers_updateDetails": {"primary": "nobody in the demo has two phone numbers"},
}
"""By operation and argument; `Collection` has those of its own operations, in `unused`."""

CONTEXT: Final[dict[str, dict[str, Any]]] = {
    "InviteWaitlistEntry.ignore_existing": {"waitlist_entry_id": Demo("carlos's waitlist entry")},
    "Miscellaneous_getInterstitialMarkup.use_domain_for_script": {"domain": "fernhill-docs.example"},
    "Users_createNewUser.skip_user_requirement": {"email_address": []},
    "Users_createNewUser.skip_password_checks": {"password": "password"},
    "Users_updateUserAttributes.skip_password_checks": {"password": "password"},
    "Users_updateUserAttributes.sign_out_of_other_sessions": {
        "user_id": Demo("nadia"),
        "password": "another-sandbox-password",
    },
    "Invitations_createNewInvitation.ignore_existing": {"email_address": "carlos.mendoza@example.com"},
    "Domains_updateDomain.is_secondary": {
        "domain_id": Demo("the primary domain"),
        "name": "a.fernhill.example",
    },
    "EmailSmsTemplates_updateTemplateByTypeAndSlug.reply_to_email_name": {"template_type": "email"},
    "CreateEnterpriseConnection.oidc": {"provider": "oidc_custom"},
    "UpdateEnterpriseConnection.oidc": {
        "enterprise_connection_id": Demo("an enterprise connection in preparation")
    },
    "EmailSmsTemplates_updateTemplateByTypeAndSlug.subject": {"template_type": "email"},
    "EmailSmsTemplates_updateTemplateByTypeAndSlug.from_email_name": {"template_type": "email"},
}
"""What else a call has to say for an argument to matter, in place of its example's arguments."""

_TRIED: Final[dict[str, list[Any]]] = {
    "string": [
        "zzz",
        "",
        "-created_at",
        "+created_at",
        "true",
        "user_x",
        "https://zzz.example",
        "zzz@zzz.example",
        "2020-01-01T00:00:00Z",
        "org:admin",
    ],
    "integer": [-1, 1, 2, 60, 10**12, 10**13],
    "number": [-1, 1, 60, 10**12, 10**13],
    "boolean": [True, False],
}


def values(argument: Argument) -> list[Any]:
    """Values of an argument's type that are likely to make a difference."""
    if argument.enum:
        return list(argument.enum)
    match argument.type:
        case "array" if argument.items:
            return [*([one] for one in values(argument.items)), []]
        case "object" if argument.properties:
            filled = {inner.name: values(inner)[0] for inner in argument.properties}
            return [
                filled,
                {},
                *({inner.name: v} for inner in argument.properties for v in values(inner)[:2]),
            ]
        case "object":
            return [{"zzz": 1}, {}]
    return _TRIED[argument.type]


def run(spec: Spec, arguments: dict[str, Any], before: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """The status, the answer and the state after one call on a fresh demo company; its clock stands still."""
    return _run(spec.id, json.dumps(arguments), before)


@lru_cache(maxsize=8)
def _run(id: str, as_json: str, before: tuple[str, ...]) -> tuple[int, str, str]:
    # An operation's example, and the call without the argument, are compared with for each of its arguments.
    spec, arguments = operations()[id].spec, json.loads(as_json)
    sandbox = Sandbox(clock=Clock())
    token = ""
    for id in before:
        answer = send(sandbox, operations()[id].spec, filled_in(example_calls_once()[id], token))[1]
        token = answer.get("jwt", token) if isinstance(answer, dict) else token
    status, answer = send(sandbox, spec, filled_in(arguments, token))
    if isinstance(answer, dict):
        answer = {name: value for name, value in answer.items() if name != "clerk_trace_id"}
    return status, json.dumps(answer), json.dumps(sandbox.instance.snapshot())


def send(sandbox: Sandbox, spec: Spec, arguments: dict[str, Any]) -> tuple[int, Any]:
    request = spec.model.model_construct(**arguments).to_request()
    path, _, query = request.path.partition("?")
    headers = {"authorization": f"Bearer {sandbox.key}", "clerk-api-version": spec.version}
    body = b""
    if request.files:
        headers["content-type"] = "multipart/form-data; boundary=b"
        parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in request.form.items()]
        parts += [
            b'name="file"; filename="i.png"\r\nContent-Type: image/png\r\n\r\n' + base64.b64decode(PNG)
            for _ in request.files
        ]
        body = b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
        body += b"--b--\r\n"
    elif request.has_body:
        headers["content-type"] = "application/json"
        body = json.dumps(request.json).encode()
    answer = sandbox.handle(spec.method, f"/v1{path}", query, headers, body)
    return answer.status, answer.json if answer.text is None else answer.text


@cache
def example_calls_once() -> dict[str, dict[str, Any]]:
    return example_calls(Clock())


@cache
def before(id: str) -> tuple[str, ...]:
    """The examples that have to be made before this one, for it to succeed: none, or all that come before."""
    if run(operations()[id].spec, example_calls_once()[id])[0] < 400:
        return ()
    calls = list(example_calls_once())
    return tuple(calls[: calls.index(id)])


def arguments() -> Iterator[tuple[Spec, Argument]]:
    for operation in operations().values():
        for argument in operation.spec.arguments:
            # Of an argument with one value there is nothing to compare that value with.
            if argument.place in (Place.QUERY, Place.BODY) and len(argument.enum) != 1:
                yield operation.spec, argument


def reason(spec: Spec, argument: Argument) -> str | None:
    handlers()
    return {**CHANGES_NOTHING.get(spec.id, {}), **INERT.get(spec.id, {})}.get(argument.name)


def makes_a_difference(spec: Spec, argument: Argument) -> bool:
    context = CONTEXT.get(f"{spec.id}.{argument.name}", {})
    example = {**example_calls_once()[spec.id], **resolved(Sandbox().instance, context)}
    without = {n: value for n, value in example.items() if n != argument.name or argument.required}
    first = before(spec.id)
    status, answer, _ = whole = run(spec, example, first)
    assert context or status < 400, f"the example of {spec.id} fails: {answer}"
    base = run(spec, without, first)
    if base != whole:
        return True
    return any(run(spec, {**without, argument.name: value}, first) != base for value in values(argument))


ARGUMENTS = list(arguments())


@pytest.mark.parametrize(("spec", "argument"), ARGUMENTS, ids=[f"{s.id}.{a.name}" for s, a in ARGUMENTS])
def test_an_argument_changes_something_or_says_why_not(spec: Spec, argument: Argument) -> None:
    assert makes_a_difference(spec, argument) == (reason(spec, argument) is None)


def test_the_reasons_are_of_arguments_that_there_are() -> None:
    handlers()
    known = {(spec.id, argument.name) for spec, argument in ARGUMENTS}
    for reasons in (CHANGES_NOTHING, INERT):
        assert {(id, name) for id, named in reasons.items() for name in named} <= known
