"""What the server says of itself: its name, version, home, and a picture for hosts to show."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from importlib.metadata import metadata
from importlib.resources import files
from typing import Any, Final

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from clerk_mcp.protocol.identity import Context

NAME: Final = "clerk-mcp"
TITLE: Final = "Clerk"


@cache
def about() -> tuple[str, str, str]:
    """Return this distribution's version, its summary, and the address of its repository."""
    # One reading for all three: what takes time is parsing the file, which ends with the whole README.
    said = metadata(NAME)
    urls = (entry.partition(", ") for entry in said.get_all("Project-URL") or ())
    return said["Version"], said["Summary"], next((url for name, _, url in urls if name == "Repository"), "")


def icon(kind: str) -> bytes:
    """Return the picture, as `svg` or `png` (48 × 48)."""
    return files(__package__).joinpath(f"icon.{kind}").read_bytes()


def icons() -> list[types.Icon]:
    """Return the picture as hosts take it, which must show PNG and should show SVG.

    It is written out: an address would have to be reached, and a server on stdio has none.
    """
    return [
        types.Icon(src=_data("image/svg+xml", icon("svg")), mime_type="image/svg+xml", sizes=["any"]),
        types.Icon(src=_data("image/png", icon("png")), mime_type="image/png", sizes=["48x48"]),
    ]


def _data(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{b64encode(content).decode()}"


class NamedServer(Server[Any]):
    """The SDK's server, which names itself in every answer of 2026-07-28, without the picture there."""

    @property
    def server_info_stamp(self) -> dict[str, Any]:
        """What stands in each answer: who made it, in as few bytes as say so."""
        return {"name": NAME, "title": TITLE, "version": about()[0]}


def named_server(**more: Any) -> NamedServer:
    """Return a server that says what there is to know of it to whoever connects.

    Args:
        more: the other arguments of the SDK's `Server`.
    """
    version, _, website = about()
    server = NamedServer(NAME, title=TITLE, version=version, website_url=website or None, **more)

    async def discover(context: Context, _: types.RequestParams) -> dict[str, Any]:
        # Only here the whole of it: in all other answers the stamp takes its place.
        found = types.DiscoverResult(
            supported_versions=list(MODERN_PROTOCOL_VERSIONS),
            capabilities=server.get_capabilities(protocol_version=context.protocol_version),
            instructions=server.instructions,
        )
        whole: Mapping[str, Any] = server.server_info.model_dump(
            by_alias=True, mode="json", exclude_none=True
        )
        dumped = found.model_dump(by_alias=True, mode="json", exclude_none=True)
        return dumped | {"_meta": {types.SERVER_INFO_META_KEY: whole}}

    server.icons = icons()
    server.add_request_handler("server/discover", types.RequestParams, discover)
    return server
