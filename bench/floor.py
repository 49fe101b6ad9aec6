"""The floor: the SDK's low-level server with one upstream call behind every tool, and nothing else.

    python -m bench.floor UPSTREAM TOOLS.json [--only TOOL] [--port PORT] [--our-loop]
    FLOOR="UPSTREAM TOOLS.json [--only TOOL]" uvicorn --factory bench.floor:asgi --workers N

Speaks stdio without --port. It validates nothing, decides nothing, trims nothing and logs nothing. HTTP is
served as `mcp` itself installs it, on asyncio and h11; --our-loop takes uvloop and httptools instead.
"""

import argparse
import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from starlette.applications import Starlette


def build(upstream: str, tools: list[types.Tool]) -> Server[Any]:
    http = httpx2.AsyncClient(base_url=upstream, headers={"Authorization": "Bearer sk_test_bench"})

    async def list_tools(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def call_tool(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        response = await http.get(f"/users/{(params.arguments or {})['user_id']}")
        return types.CallToolResult(content=[types.TextContent(text=response.text)])

    return Server("floor", on_list_tools=list_tools, on_call_tool=call_tool)


async def over_stdio(server: Server[Any]) -> None:
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def over_http(app: Starlette, port: int, *, our_loop: bool) -> None:
    import uvicorn

    uvicorn.run(
        app,
        port=port,
        log_level="warning",
        access_log=False,
        loop="uvloop" if our_loop else "asyncio",
        http="httptools" if our_loop else "h11",
    )


def asgi() -> Starlette:
    """The application for several worker processes, by the environment's FLOOR."""
    return application(parse(shlex.split(os.environ["FLOOR"])))


def application(given: argparse.Namespace) -> Starlette:
    return server_of(given).streamable_http_app(stateless_http=True, json_response=True)


def server_of(given: argparse.Namespace) -> Server[Any]:
    listed = json.loads(given.listing.read_bytes())
    tools = [types.Tool.model_validate(tool) for tool in listed if given.only in (None, tool["name"])]
    return build(given.upstream, tools)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("upstream")
    parser.add_argument("listing", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--port", type=int)
    parser.add_argument("--our-loop", action="store_true")
    return parser.parse_args(arguments)


def main() -> None:
    given = parse()
    if given.port:
        over_http(application(given), given.port, our_loop=given.our_loop)
    else:
        anyio.run(over_stdio, server_of(given))


if __name__ == "__main__":
    main()
