"""A server card: what a client may know of this server before it connects.

MCP has none that is settled. This is the draft of its Server Card group (SEP-2127, as of July 2026): the card
beside the endpoint, and a catalogue at a well-known address that leads to it. Crawlers ask for an older
draft's address as well, where the same card stands.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clerk_mcp.hosting.addresses import mcp_address
from clerk_mcp.protocol import about, icons
from clerk_mcp.settings import Settings

CARD_PATH: Final = "/mcp/server-card"
_CATALOGUE_PATH: Final = "/.well-known/ai-catalog.json"
_OLDER_PATH: Final = "/.well-known/mcp/server-card.json"
_CARD_TYPE: Final = "application/mcp-server-card+json"
_LONGEST_DESCRIPTION: Final = 100
"""Characters, in the draft's schema."""

_HEADERS_WANTED: Final = {
    "bearer": "Bearer and an access token, which the server's operator gives out",
    "clerk-key": "Bearer and the secret key of your Clerk instance",
}
"""What the header Authorization holds, where a client must be given it: for OAuth it is told at its first
request where to sign in."""


def card_routes(settings: Settings) -> Sequence[Route]:
    """Return where the card and the catalogue are served; both are the same for everybody."""

    async def show_card(request: Request) -> Response:
        media_type = _CARD_TYPE if request.url.path == CARD_PATH else "application/json"
        return _document(request, card(settings, _address(settings, request)), media_type)

    async def show_catalogue(request: Request) -> Response:
        address = _address(settings, request)
        name = about()[2].rpartition("/")[2]
        entry = {
            "identifier": f"urn:air:{urlsplit(address).hostname}:mcp:{name}",
            "type": _CARD_TYPE,
            "url": f"{address}{CARD_PATH}",
        }
        catalogue = {"specVersion": "1.0", "entries": [entry]}
        return _document(request, catalogue, "application/ai-catalog+json")

    return [
        Route(CARD_PATH, show_card),
        Route(_OLDER_PATH, show_card),
        Route(_CATALOGUE_PATH, show_catalogue),
    ]


def card(settings: Settings, address: str) -> dict[str, Any]:
    """Return the card; `address` is where its reader reached the server."""
    version, summary, repository = about()
    words = _HEADERS_WANTED.get(settings.auth)
    wanted = [{"name": "Authorization", "description": words, "isRequired": True, "isSecret": True}]
    return {
        "$schema": "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json",
        "name": f"io.github.{repository.removeprefix('https://github.com/')}",
        "title": "Clerk",
        "description": summary[:_LONGEST_DESCRIPTION],
        "version": version,
        "websiteUrl": repository,
        "repository": {"url": repository, "source": "github"},
        "icons": [one.model_dump(by_alias=True, exclude_none=True) for one in icons()],
        "remotes": [
            {
                "type": "streamable-http",
                "url": mcp_address(settings, address),
                "supportedProtocolVersions": [*HANDSHAKE_PROTOCOL_VERSIONS, *MODERN_PROTOCOL_VERSIONS],
                **({"headers": wanted} if words else {}),
            }
        ],
    }


def _address(settings: Settings, request: Request) -> str:
    return settings.public_url or str(request.base_url).rstrip("/")


def _document(request: Request, content: dict[str, Any], media_type: str) -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"cache-control": "public, max-age=3600", "etag": f'"{sha256(body).hexdigest()[:16]}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
