"""`clerk_mcp.http:app`: the ASGI application that the environment's settings describe, for any ASGI server.

Importing this module needs no settings and changes nothing in the process; `app` is made when asked for, and
raises `SettingsError` where a setting does not hold. Logging is left to whoever runs the ASGI server.
`clerk-mcp --transport http` runs the same application on uvicorn, with connections bounded as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp


def _from_environment() -> ASGIApp:
    from clerk_mcp.hosting import make_web
    from clerk_mcp.settings import load, refuse_without_effect

    settings = load({"transport": "http"})
    refuse_without_effect(settings)
    return make_web(settings).app


def __getattr__(name: str) -> ASGIApp:
    if name == "app":
        return _from_environment()
    raise AttributeError(name)


if __name__ == "__main__":
    import sys

    from clerk_mcp.hosting import serve_http
    from clerk_mcp.settings import SettingsError, load

    try:
        serve_http(load())
    except SettingsError as error:
        # The exit status of `clerk-mcp` for its own settings.
        print(*error.problems, sep="\n", file=sys.stderr)  # noqa: T201 for whoever started it
        sys.exit(2)
