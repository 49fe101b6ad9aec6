"""What people ask for and no operation does, so that the search can say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Gap:
    """A wish that Clerk's Backend API does not grant."""

    words: str
    """Ways to say it, between commas."""
    instead: str
    """What to tell whoever asked: who can do it, or what comes nearest."""


_DASHBOARD: Final = "No operation does this: it is set in Clerk's dashboard, by a person."

GAPS: Final = (
    Gap(
        "undo an update, undo a wrong update, undo a change, take back a change, roll back a change, "
        "rollback, revert a change, restore a previous value, go back to the earlier value",
        "No operation undoes another. Updates that are in an audit trail can be taken back by whoever runs "
        "this server: clerk-mcp audit FILE --undo ENTRY. Otherwise set the earlier values again.",
    ),
    Gap(
        "restore a deleted user, undelete, recover a deleted organization, bring back a deleted user",
        "What is deleted is gone. A user or organization can only be created anew, with a new id.",
    ),
    Gap(
        "require MFA, enforce MFA, force MFA, make MFA mandatory, force two factor, require 2fa for "
        "everybody, make second factor required",
        f"{_DASHBOARD} `list_all` over the users tells who has no second factor.",
    ),
    Gap(
        "password policy, set the password policy, minimum password length, password strength, password "
        "rules, password complexity, session lifetime, session duration, inactivity timeout, token lifetime "
        "of sessions",
        f"{_DASHBOARD} Among the instance settings only HIBP, test mode and a few more can be changed here.",
    ),
    Gap(
        "turn on social login, enable google sign in, add a social provider, configure sign-in methods, "
        "enable passkeys, enable sms codes, turn on captcha, bot protection",
        _DASHBOARD,
    ),
    Gap(
        "change the theme, appearance, branding, logo of the application, dark mode, colors of the sign-in "
        "page, translate the sign-in page, localization",
        _DASHBOARD,
    ),
    Gap(
        "send an email to a user, send a message, send a push notification, email everybody, newsletter, "
        "notify users, send a text message",
        "No operation sends a message of your own. Clerk sends mail only with invitations and codes.",
    ),
    Gap(
        "rotate the instance secret key, rotate the api key of the instance, new clerk secret key, "
        "revoke the clerk secret key, create a new instance, delete the instance, create an application, "
        "clone the instance",
        _DASHBOARD,
    ),
    Gap(
        "audit log, export the audit log, who changed this user, history of changes, activity log, event log",
        "No operation shows who changed what. What was changed through this server is in its audit trail, "
        "where the operator keeps one: clerk-mcp audit FILE.",
    ),
    Gap(
        "resend an invitation, send the invitation again, remind an invited person",
        "No operation sends an invitation again: revoke it and create a new one.",
    ),
    Gap(
        "merge two users, combine two accounts, merge duplicate users",
        "No operation merges users: change one, then delete the other.",
    ),
    Gap(
        "pricing, what does clerk cost, my clerk bill, my clerk plan, upgrade my plan of clerk, add a "
        "colleague to the dashboard, add an admin to the dashboard",
        _DASHBOARD,
    ),
)
