"""The message templates that every Clerk instance starts with, in words of our own.

Which slugs exist is known from what Clerk's instances answer; their texts here are only examples.
"""

from __future__ import annotations

from dataclasses import dataclass

COMMON_VARIABLES = ("app.name", "app.domain_name", "app.logo_url", "theme.primary_color")

# What a preview shows in place of each variable.
SAMPLE_VALUES = {
    "action_url": "https://accounts.example.com/v1/verify",
    "app.domain_name": "example.com",
    "app.logo_url": "https://img.example.com/logo.png",
    "app.name": "Example",
    "greeting_name": "Ada",
    "inviter_name": "Grace Hopper",
    "org.name": "Analytical Engines",
    "otp_code": "123456",
    "passkey.name": "Laptop",
    "primary_email_address": "ada@example.com",
    "requested_at": "1 January 2024, 12:00 UTC",
    "requested_from": "London, GB",
    "theme.primary_color": "#6c47ff",
    "ttl_minutes": "10",
}


@dataclass(frozen=True, slots=True)
class TemplateDefault:
    """One template as Clerk ships it; `subject` is None for SMS."""

    template_type: str
    slug: str
    name: str
    subject: str | None
    body: str
    required_variables: tuple[str, ...] = ()
    optional_variables: tuple[str, ...] = ()

    @property
    def available_variables(self) -> list[str]:
        return [*self.required_variables, *self.optional_variables, *COMMON_VARIABLES]


def _email(
    slug: str,
    name: str,
    subject: str,
    text: str,
    required: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
) -> TemplateDefault:
    return TemplateDefault("email", slug, name, subject, f"<p>{text}</p>", required, optional)


def _sms(slug: str, name: str, text: str, required: tuple[str, ...] = ()) -> TemplateDefault:
    return TemplateDefault("sms", slug, name, None, text, required)


_CODE = ("otp_code",)
_LINK = ("action_url",)
_REQUEST = ("requested_from", "requested_at")
_GREETING = ("greeting_name", "primary_email_address")

TEMPLATE_DEFAULTS: tuple[TemplateDefault, ...] = (
    _email(
        "verification_code",
        "Verification code",
        "{{otp_code}} is your {{app.name}} code",
        "Type {{otp_code}} to go on.",
        _CODE,
        _REQUEST,
    ),
    _email(
        "reset_password_code",
        "Reset password code",
        "{{otp_code}} resets your {{app.name}} password",
        "Type {{otp_code}} to choose a new password.",
        _CODE,
        _REQUEST,
    ),
    _email(
        "magic_link_sign_in",
        "Email link (sign in)",
        "Sign in to {{app.name}}",
        '<a href="{{action_url}}">Sign in</a> within {{ttl_minutes}} minutes.',
        _LINK,
        ("ttl_minutes", *_REQUEST),
    ),
    _email(
        "magic_link_sign_up",
        "Email link (sign up)",
        "Join {{app.name}}",
        '<a href="{{action_url}}">Confirm your address</a> within {{ttl_minutes}} minutes.',
        _LINK,
        ("ttl_minutes", *_REQUEST),
    ),
    _email(
        "magic_link_user_profile",
        "Email link (user profile)",
        "Confirm this address for {{app.name}}",
        '<a href="{{action_url}}">Confirm your address</a> within {{ttl_minutes}} minutes.',
        _LINK,
        ("ttl_minutes", *_REQUEST),
    ),
    _email(
        "invitation",
        "Invitation",
        "You are invited to {{app.name}}",
        '<a href="{{action_url}}">Accept the invitation</a> to {{app.name}}.',
        _LINK,
        ("inviter_name",),
    ),
    _email(
        "organization_invitation",
        "Organization invitation",
        "{{inviter_name}} invites you to {{org.name}}",
        '<a href="{{action_url}}">Join {{org.name}}</a> on {{app.name}}.',
        _LINK,
        ("inviter_name", "org.name"),
    ),
    _email(
        "organization_invitation_accepted",
        "Organization invitation accepted",
        "{{primary_email_address}} joined {{org.name}}",
        "{{primary_email_address}} is now a member of {{org.name}}.",
        (),
        ("org.name", "primary_email_address"),
    ),
    _email(
        "password_changed",
        "Password changed",
        "Your {{app.name}} password was changed",
        "Hello {{greeting_name}}, your password was changed.",
        (),
        _GREETING,
    ),
    _email(
        "password_removed",
        "Password removed",
        "Your {{app.name}} password was removed",
        "Hello {{greeting_name}}, your password was removed.",
        (),
        _GREETING,
    ),
    _email(
        "passkey_added",
        "Passkey added",
        "A passkey was added to your {{app.name}} account",
        "Hello {{greeting_name}}, the passkey {{passkey.name}} was added.",
        (),
        ("passkey.name", *_GREETING),
    ),
    _email(
        "passkey_removed",
        "Passkey removed",
        "A passkey was removed from your {{app.name}} account",
        "Hello {{greeting_name}}, the passkey {{passkey.name}} was removed.",
        (),
        ("passkey.name", *_GREETING),
    ),
    _email(
        "primary_email_address_changed",
        "Primary email address changed",
        "Your {{app.name}} address was changed",
        "Hello {{greeting_name}}, your address is now {{primary_email_address}}.",
        (),
        _GREETING,
    ),
    _sms("verification_code", "Verification code", "{{otp_code}} is your {{app.name}} code.", _CODE),
    _sms(
        "reset_password_code", "Reset password code", "{{otp_code}} resets your {{app.name}} password.", _CODE
    ),
    _sms("invitation", "Invitation", "Join {{app.name}}: {{action_url}}", _LINK),
    _sms("password_changed", "Password changed", "Your {{app.name}} password was changed."),
    _sms("password_removed", "Password removed", "Your {{app.name}} password was removed."),
)
