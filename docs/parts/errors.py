"""The tables of Clerk's error codes, from what the server tells agents to do about them."""

from __future__ import annotations

import re
from typing import Final

from clerk_mcp.answering.codes import HINTS
from clerk_mcp.answering.hints import hint
from clerk_tools.catalog import operations

_FOR_EXAMPLE: Final = (
    ("duplicate_record", "Invitations_createNewInvitation", None),
    ("duplicate_record", "AllowlistBlocklist_addIdentifierToAllowList", None),
    ("form_identifier_exists", "Users_createNewUser", "email_address"),
    ("form_identifier_exists", "Organizations_createNewOrganization", "slug"),
    ("form_resource_not_found", "OrganizationMemberships_addUserToOrganization", "user_id"),
    ("gateway_timeout", "Users_createNewUser", None),
    ("internal_clerk_error", "Users_listSortedByCreationDate", None),
    ("operation_deprecated", "Clients_listSortedByCreationDate", None),
    ("resource_not_found", "Users_getUserDetails", None),
    ("resource_not_found", "OrganizationMemberships_removeUserFromOrganization", None),
    ("service_unavailable", "Users_deleteUserById", None),
)
"""Code, operation and the argument that Clerk names, for the codes whose hint depends on them."""


def same_for_all() -> str:
    """The codes that mean the same to every operation."""
    rows = [f"| `{code}` | {_text(words)} |" for code, words in sorted(HINTS.items())]
    return "\n".join(["| code | what to do |", "|---|---|", *rows])


def by_operation() -> str:
    """The codes whose next step depends on the operation, with examples."""
    lines = ["| code | of | what to do |", "|---|---|---|"]
    for code, id, param in _FOR_EXAMPLE:
        about = f"`{id}`" + (f", `{param}`" if param else "")
        words = hint(code, operations()[id].spec, param)
        if words is None:
            raise SystemExit(f"there is no hint about {code} of {id}")
        lines.append(f"| `{code}` | {about} | {_text(words)} |")
    return "\n".join(lines)


def _text(hint: str) -> str:
    """A hint with the tools that it names as code; the rest of it stays as agents get it."""
    return re.sub(r"(?<!`)\b([A-Z][A-Za-z]+_[a-z]\w+)\b", r"`\1`", hint).replace("|", "\\|")
