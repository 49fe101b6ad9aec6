"""`GET /files/ID`: a file that `list_all` wrote, fetched by the caller who asked for it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from clerk_mcp.bulk import WaitingFiles
from clerk_mcp.protocol import IDENTITY, Identity

FILES_PATH: Final = "/files"

_TYPES: Final = {"csv": "text/csv", "json": "application/json", "jsonl": "application/jsonl"}


class Downloads:
    """Serves the files that wait."""

    def __init__(self, files: WaitingFiles) -> None:
        self._files = files

    async def _serve(self, request: Request) -> Response:
        identity: Identity = request.scope[IDENTITY]
        try:
            file = await self._files.take(request.path_params["id"], identity.name)
        except OSError as error:
            return PlainTextResponse(f"Waiting files cannot be read ({error.strerror})", 503)
        if file is None:
            # Also where it is another's: who may not have it does not learn that it is there.
            return PlainTextResponse("There is no such file: a link holds once, for some minutes", 404)
        headers = {
            "content-disposition": f'attachment; filename="{file.name}"',
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
        media_type = _TYPES[file.name.rpartition(".")[2].lower()]
        return Response(file.content, headers=headers, media_type=media_type)

    async def close(self) -> None:
        """Let go of the files when the server ends."""
        await self._files.close()

    def route(self) -> Route:
        """Return what the application serves."""
        # A HEAD must not use a link up.
        route = Route(f"{FILES_PATH}/{{id}}", self._serve, methods=["GET"])
        route.methods = {"GET"}
        return route
