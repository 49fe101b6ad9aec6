"""Email and SMS templates: what users are sent."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Argument, Body, Id, Path, arg, cuts_off, replaces
from clerk_tools.hits import Hit, Look, inside, thing
from clerk_tools.ids import TemplateSlug
from clerk_tools.operation import Operation, PagedOnRequest
from clerk_tools.spec import Example

DASHBOARD: Final = "the templates in Clerk's dashboard"


class ListTemplates(
    PagedOnRequest,
    id="EmailSmsTemplates_listSortedByPosition",
    get="/templates/{template_type}",
    lists="template",
    deprecated=True,
    instead=DASHBOARD,
    words="email templates, SMS templates, which emails are sent, list email templates, which mails "
    "does Clerk send, all SMS texts, mails that go out",
    example=Example({"template_type": "sms"}),
):
    """The email or SMS templates, in their order. Superseded by Clerk's dashboard."""

    template_type: Path[Literal["email", "sms"]] = arg()


class GetTemplate(
    Operation,
    id="EmailSmsTemplates_getTemplateDetails",
    get="/templates/{template_type}/{slug}",
    returns="template_details",
    deprecated=True,
    instead=DASHBOARD,
    words="text of an email, text of an SMS, read a template, email template, show an email template, "
    "what does a mail say, wording of a mail, text of the verification mail",
    example=Example({"template_type": "email", "slug": "verification_code"}),
):
    """One email or SMS template: texts, variables, who delivers it. Superseded by Clerk's dashboard."""

    template_type: Path[Literal["email", "sms"]] = arg()
    slug: Path[TemplateSlug] = arg("Such as verification_code")


class UpdateTemplate(
    Operation,
    id="EmailSmsTemplates_updateTemplateByTypeAndSlug",
    put="/templates/{template_type}/{slug}",
    returns="template",
    deprecated=True,
    instead=DASHBOARD,
    words="edit an email, edit the text of an email, customize an email, edit the wording of an email, "
    "subject of an email, change the text of a mail, change the wording of an SMS, own text in a "
    "mail, rewrite a mail, reply-to address, change the subject of a mail, edit the invitation "
    "mail, edit the password reset mail",
    example=Example(
        {
            "template_type": "sms",
            "slug": "verification_code",
            "name": "Verification code",
            "body": "Fernhill: {{otp_code}}",
        }
    ),
):
    """Change an email or SMS template; what users receive changes at once. Preview it first. Superseded by
    Clerk's dashboard."""

    template_type: Path[Literal["email", "sms"]] = arg()
    slug: Path[TemplateSlug] = arg()
    name: Body[str] = arg(optional=True)
    subject: Body[str] = arg(
        "Emails only", optional=True, nullable=True, risk=replaces("loses the present subject")
    )
    markup: Body[str] = arg(
        "Source in the editor's markup",
        optional=True,
        nullable=True,
        risk=replaces("loses the present markup"),
    )
    body: Body[str] = arg("Text with {{variables}}", optional=True, risk=replaces("loses the present text"))
    delivered_by_clerk: Body[bool] = arg(
        "False: your own webhook must send it",
        optional=True,
        nullable=True,
        risk=cuts_off(False, "Clerk stops sending it: sign-in codes may no longer arrive"),
    )
    from_email_name: Body[str] = arg("Sender's part before the @", optional=True)
    reply_to_email_name: Body[str] = arg("Part before the @", optional=True)


class RevertTemplate(
    Operation,
    id="EmailSmsTemplates_revertTemplate",
    post="/templates/{template_type}/{slug}/revert",
    returns="template",
    effect="destroy",
    no_undo="The customized text was not kept.",
    deprecated=True,
    instead=DASHBOARD,
    words="reset a template to its default, restore a template, undo changes of a template, default "
    "text of a mail, discard changes of a template, put a template back, original wording, undo a "
    "template",
    example=Example({"template_type": "email", "slug": "invitation"}),
):
    """Put a template back to Clerk's default; the customized text is lost. Superseded by Clerk's
    dashboard."""

    template_type: Path[Literal["email", "sms"]] = arg()
    slug: Path[TemplateSlug] = arg()

    async def hit(self, look: Look) -> Hit:
        found = await look.at(GetTemplate(template_type=self.template_type, slug=self.slug), is_target=True)
        own_text = inside(found, "can_revert")
        return Hit.of(
            thing("template", inside(found, "name"), inside(found, "subject")),
            "the customized text is lost",
        ).if_not_already("The template has Clerk's text already." if own_text is False else "")


class PreviewTemplate(
    Operation,
    id="EmailSmsTemplates_previewTemplate",
    post="/templates/{template_type}/{slug}/preview",
    returns="template_preview",
    effect="read",
    deprecated=True,
    instead=DASHBOARD,
    words="render a template, what an email looks like, preview a mail, how does a mail look, try a "
    "template, test a template",
    example=Example(
        {"template_type": "email", "slug": "verification_code", "subject": "{{otp_code}} opens {{app.name}}"}
    ),
):
    """Render a template text with sample values; nothing is saved or sent. Superseded by Clerk's
    dashboard."""

    template_type: Path[Id] = arg("email or sms")
    slug: Path[TemplateSlug] = arg()
    subject: Body[str] = arg("Emails only", optional=True, nullable=True)
    body: Body[str] = arg("Text with {{variables}}", optional=True)
    from_email_name: Body[str] = arg("Sender's part before the @", optional=True)
    reply_to_email_name: Body[str] = arg("Part before the @", optional=True)


class ToggleTemplateDelivery(
    Operation,
    id="EmailSmsTemplates_toggleDeliveryByTypeAndSlug",
    post="/templates/{template_type}/{slug}/toggle_delivery",
    returns="template",
    deprecated=True,
    instead=DASHBOARD,
    words="stop sending emails, stop sending SMS codes, disable delivery, send mails ourselves, deliver "
    "mails ourselves, Clerk should not send a mail, own mail provider, own SMS provider, who "
    "delivers a mail",
    example=Example({"template_type": "email", "slug": "password_changed", "delivered_by_clerk": False}),
):
    """Switch who delivers a template. With false Clerk stops sending it: sign-in codes may no longer
    arrive. Superseded by Clerk's dashboard."""

    template_type: Path[Literal["email", "sms"]] = arg()
    slug: Path[TemplateSlug] = arg()
    delivered_by_clerk: Body[bool] = arg(
        "False: your own webhook must send it",
        optional=True,
        nullable=True,
        risk=cuts_off(False, "Clerk stops sending it: sign-in codes may no longer arrive"),
    )

    def endangers(self, argument: Argument) -> bool:
        """Left out, it becomes the opposite of what it is."""
        left_out = argument.name == "delivered_by_clerk" and argument.name not in self.model_fields_set
        return left_out or super().endangers(argument)

    async def hit(self, look: Look) -> Hit:
        template = await look.at(self.state(), is_target=True)
        now = inside(template, "delivered_by_clerk")
        wanted = self.delivered_by_clerk if "delivered_by_clerk" in self.model_fields_set else not now
        stops = "" if wanted or now is False else "Clerk stops sending it: sign-in codes may no longer arrive"
        target = thing("template", inside(template, "name"), inside(template, "subject"))
        return Hit.of(target, stops).after_reading(template is not None)

    def state(self) -> Operation:
        return GetTemplate(template_type=self.template_type, slug=self.slug)
