"""The templates of the messages that Clerk sends: an instance has them all, and may change their texts."""

from __future__ import annotations

import re

from clerk_sandbox import errors
from clerk_sandbox.answers import whole_list
from clerk_sandbox.plan import require_in_plan
from clerk_sandbox.resources.domains import primary_domain
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.template_defaults import SAMPLE_VALUES, TEMPLATE_DEFAULTS, TemplateDefault

TYPES = ("email", "sms")
DEFAULT_FROM_EMAIL_NAME = "noreply"
_VARIABLE = re.compile(r"{{\s*([\w.]+)\s*}}")
_OF_EMAILS = ("subject", "from_email_name", "reply_to_email_name")
_LOCAL_PART = re.compile(r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*")


def add_default_templates(instance: Instance) -> None:
    now = instance.clock()
    for position, default in enumerate(TEMPLATE_DEFAULTS):
        instance.templates.add(
            {
                "object": "template",
                "id": instance.new_id("tmpl"),
                "instance_id": instance.id,
                "template_type": default.template_type,
                "slug": default.slug,
                "position": position,
                "can_delete": False,
                "can_edit_body": True,
                "can_toggle": True,
                "available_variables": default.available_variables,
                "required_variables": list(default.required_variables),
                "enabled": True,
                "flagged_as_suspicious": False,
                "created_at": now,
                "updated_at": now,
                **_default_state(default),
            }
        )


def _default_state(default: TemplateDefault) -> Json:
    """Return everything that an update changes and reverting brings back."""
    return {
        "resource_type": "system",
        "can_revert": False,
        "name": default.name,
        "subject": default.subject,
        "markup": "",
        "body": default.body,
        "from_email_name": DEFAULT_FROM_EMAIL_NAME,
        "reply_to_email_name": "",
        "delivered_by_clerk": True,
    }


@operation("EmailSmsTemplates_listSortedByPosition")
def list_templates(instance: Instance, call: Call) -> list[Json] | Json:
    template_type = call.path["template_type"]
    if template_type not in TYPES:
        raise errors.form_param_value_invalid("template_type", TYPES)
    matching = [one for one in instance.templates if one["template_type"] == template_type]
    return whole_list(call, sorted(matching, key=lambda template: template["position"]))


@operation("EmailSmsTemplates_getTemplateDetails")
def get_template(instance: Instance, call: Call) -> Json:
    template_type, slug = call.path["template_type"], call.path["slug"]
    for template in instance.templates:
        if (template["template_type"], template["slug"]) == (template_type, slug):
            return template
    raise errors.not_found(f"{template_type} template", slug)


@operation("EmailSmsTemplates_updateTemplateByTypeAndSlug")
def update_template(instance: Instance, call: Call) -> Json:
    template = get_template(instance, call)
    require_in_plan(instance, f"custom_{template['template_type']}_template")
    changes = _checked(template, call.body)
    template |= changes | {"resource_type": "user", "can_revert": True, "updated_at": instance.clock()}
    return template


@operation("EmailSmsTemplates_revertTemplate")
def revert_template(instance: Instance, call: Call) -> Json:
    template = get_template(instance, call)
    if not template["can_revert"]:
        raise errors.template_revert_error()
    default = next(
        one
        for one in TEMPLATE_DEFAULTS
        if (one.template_type, one.slug) == (template["template_type"], template["slug"])
    )
    template |= _default_state(default) | {"updated_at": instance.clock()}
    return template


@operation("EmailSmsTemplates_previewTemplate")
def preview_template(instance: Instance, call: Call) -> Json:
    """Return what would be sent, with made-up values for the variables. Nothing is stored."""
    stored = get_template(instance, call)
    template = stored | _checked(stored, call.body)
    preview = {"body": _filled_in(template["body"])}
    if template["template_type"] == "email":
        host = primary_domain(instance)["name"]
        preview["subject"] = _filled_in(template["subject"] or "")
        preview["from_email_address"] = f"{template['from_email_name']}@{host}"
        if template["reply_to_email_name"]:
            preview["reply_to_email_address"] = f"{template['reply_to_email_name']}@{host}"
    return preview


@operation("EmailSmsTemplates_toggleDeliveryByTypeAndSlug")
def toggle_delivery(instance: Instance, call: Call) -> Json:
    """Set it; without a value, delivery becomes the opposite of what it was."""
    template = get_template(instance, call)
    wanted = call.given("delivered_by_clerk")
    template["delivered_by_clerk"] = not template["delivered_by_clerk"] if wanted is None else wanted
    template["updated_at"] = instance.clock()
    return template


def _checked(template: Json, body: Json) -> Json:
    """Return what the body changes. A subject and a sender are an email's; for an SMS they change nothing."""
    changes = {key: value for key, value in body.items() if value is not None}
    if template["template_type"] == "sms":
        changes = {key: value for key, value in changes.items() if key not in _OF_EMAILS}
    for name in ("name", "body", "subject"):
        if name in changes and not changes[name].strip():
            raise errors.form_param_missing(name)
    used = _VARIABLE.findall(str(changes.get("body", template["body"])))
    for variable in template["required_variables"]:
        if variable not in used:
            raise errors.required_variable_missing(variable)
    for name in ("from_email_name", "reply_to_email_name"):
        if name in changes and not _LOCAL_PART.fullmatch(changes[name]):
            raise errors.form_param_format_invalid(name, "the part of an address before its @")
    return changes


def _filled_in(text: str) -> str:
    return _VARIABLE.sub(lambda found: SAMPLE_VALUES.get(found[1], found[0]), text)
