"""Message templates: what can be changed, previewed and brought back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

UPDATE = "EmailSmsTemplates_updateTemplateByTypeAndSlug"
GET = "EmailSmsTemplates_getTemplateDetails"
REVERT = "EmailSmsTemplates_revertTemplate"
PREVIEW = "EmailSmsTemplates_previewTemplate"
TOGGLE = "EmailSmsTemplates_toggleDeliveryByTypeAndSlug"
CODE = {"template_type": "email", "slug": "verification_code"}
SMS_CODE = {"template_type": "sms", "slug": "verification_code"}


async def test_an_instance_has_every_template_of_a_type_in_order(clerk: Clerk) -> None:
    emails = await clerk.call("EmailSmsTemplates_listSortedByPosition", template_type="email")
    assert len(emails) == 13
    positions = [one["position"] for one in emails]
    assert positions == sorted(positions)
    texts = await clerk.call("EmailSmsTemplates_listSortedByPosition", template_type="sms")
    assert {one["template_type"] for one in texts} == {"sms"}
    assert all(one["subject"] is None for one in texts)


async def test_there_are_two_types_of_template(clerk: Clerk) -> None:
    error = await clerk.error("EmailSmsTemplates_listSortedByPosition", template_type="fax")
    assert error == (422, "form_param_value_invalid", "template_type")
    assert (await clerk.error(GET, template_type="fax", slug="invitation"))[0] == 404


async def test_an_update_can_be_reverted_once(clerk: Clerk) -> None:
    default = await clerk.call(GET, **CODE)
    changed = await clerk.call(UPDATE, **CODE, subject="Hello", body="<p>{{otp_code}}, please</p>")
    assert changed["can_revert"]
    assert (changed["subject"], changed["body"]) == ("Hello", "<p>{{otp_code}}, please</p>")
    reverted = await clerk.call(REVERT, **CODE)
    assert reverted | {"updated_at": 0} == default | {"updated_at": 0}
    assert await clerk.error(REVERT, **CODE) == (400, "template_revert_error", None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"body": "no code in here"}, (422, "required_variable_missing", "body")),
        ({"body": " "}, (422, "form_param_missing", "body")),
        ({"name": ""}, (422, "form_param_missing", "name")),
        (
            {"from_email_name": "hello@fernhill.example"},
            (422, "form_param_format_invalid", "from_email_name"),
        ),
    ],
)
async def test_an_update_is_refused(
    clerk: Clerk, given: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    before = await clerk.call(GET, **CODE)
    assert await clerk.error(UPDATE, **CODE, **given) == expected
    assert await clerk.call(GET, **CODE) == before


async def test_a_subject_means_nothing_to_an_sms(clerk: Clerk) -> None:
    changed = await clerk.call(UPDATE, **SMS_CODE, subject="Hello", body="{{ otp_code }}")
    assert (changed["subject"], changed["body"]) == (None, "{{ otp_code }}")


async def test_a_preview_fills_in_the_variables_and_stores_nothing(clerk: Clerk) -> None:
    before = await clerk.call(GET, **CODE)
    preview = await clerk.call(PREVIEW, **CODE, subject="{{otp_code}}!", from_email_name="hello")
    assert preview["subject"] == "123456!"
    assert "123456" in preview["body"]
    assert preview["from_email_address"] == "hello@fernhill.example"
    assert await clerk.call(GET, **CODE) == before
    assert await clerk.call(PREVIEW, **SMS_CODE, body="{{otp_code}}") == {"body": "123456"}


async def test_delivery_can_be_switched_off_and_back(clerk: Clerk) -> None:
    assert not (await clerk.call(TOGGLE, **CODE, delivered_by_clerk=False))["delivered_by_clerk"]
    assert not (await clerk.call(TOGGLE, **CODE, delivered_by_clerk=False))["delivered_by_clerk"]
    assert (await clerk.call(TOGGLE, **CODE))["delivered_by_clerk"]


async def test_a_plan_without_custom_templates_refuses_to_change_them(clerk: Clerk) -> None:
    clerk.sandbox.instance.settings["unsupported_features"] = ["custom_sms_template"]
    refused = (402, "unsupported_subscription_plan_features", None)
    assert await clerk.error(UPDATE, **SMS_CODE, body="{{otp_code}}") == refused
    await clerk.call(UPDATE, **CODE, name="Code")
