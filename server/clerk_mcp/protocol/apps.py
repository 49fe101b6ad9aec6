"""MCP Apps: what people rather look at than read, for hosts that show that (`io.modelcontextprotocol/ui`).

One small page draws a user, a table from `list_all` or the question before destruction, whichever an answer
holds. It is given the answers that every host gets; hosts without the extension are told nothing of it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from clerk_mcp.bulk import ListAll
from clerk_mcp.protocol.identity import Context
from clerk_mcp.protocol.own_tools import Change, Read
from clerk_tools.operation import Envelope, Spec

EXTENSION: Final = "io.modelcontextprotocol/ui"
VIEW: Final = "ui://clerk-mcp/view"
_MEDIA_TYPE: Final = "text/html;profile=mcp-app"
META: Final = {"ui": {"resourceUri": VIEW}}
"""What stands at a tool whose answers the view shows."""

_OWN: Final = (ListAll.spec.id, Read.spec.id, Change.spec.id)


def are_shown_by(context: Context) -> bool:
    """Tell whether the client behind a request shows such views."""
    capabilities = context.session.client_capabilities
    declared = (capabilities.extensions or {}).get(EXTENSION) if capabilities else None
    kinds = declared.get("mimeTypes") if declared else None
    return isinstance(kinds, list) and _MEDIA_TYPE in kinds


def has_view(spec: Spec) -> bool:
    """Tell whether the view shows what a tool answers: a user, a table, or a question."""
    one_user = spec.returns == "user" and spec.envelope is Envelope.OBJECT
    return one_user or spec.id in _OWN or (spec.can_destroy and not spec.id.startswith("run_"))


def contents() -> dict[str, Any]:
    """Return the answer to `resources/read` of the view."""
    held = {"uri": VIEW, "mimeType": _MEDIA_TYPE, "text": page(), "_meta": {"ui": {"prefersBorder": True}}}
    return {"contents": [held], "resultType": "complete"}


@cache
def page() -> str:
    """Return the page, whose own policy lets run only its one script and nothing be loaded."""
    text = files(__package__).joinpath("app.html").read_text(encoding="utf-8")
    for place, element in (("SCRIPT", "script"), ("STYLE", "style")):
        found = re.search(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        content = found[1] if found else ""
        text = text.replace(f"'{place}'", f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'")
    return text
