"""What a model pays for the tools: ours, with their budgets, beside FastMCP's `from_openapi`.

    python -m bench.schemas [DOCUMENT.yaml…]

DOCUMENT is one of Clerk's API descriptions (OpenAPI), from which FastMCP makes its tools: the first one has
the first 109 operations, the newest nearly all. Without one only ours are counted. Tokens are o200k; needs
`bpe-openai` (see `tokens`). FastMCP gets an environment of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import anyio
import yaml
from bench.contestants import PEERS, install_peers
from bench.tokens import size, tokens
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from clerk_mcp.offering.listing import tool
from clerk_tools.catalog import operations

NOWHERE: Final = "http://127.0.0.1:9/v1"
BARE: Final = ("name", "description", "inputSchema")
LIMITS: Final = {"the first 109": (56_000, 12_600), "all": (116_000, 26_500)}
"""Bytes and tokens of names, descriptions and input schemas; `tests/tools/test_catalog.py` holds those."""

Tools = list[dict[str, Any]]


def ours() -> dict[str, Tools]:
    specs = [operation.spec for operation in operations().values()]
    return {
        "the first 109": [tool(spec) for spec in specs if spec.is_core],
        "all": [tool(spec) for spec in specs],
    }


def fastmcps(document: Path) -> Tools:
    """What FastMCP lists, over stdio as a host would see it."""
    install_peers()
    with TemporaryDirectory() as directory:
        # It takes JSON, which has no dates; YAML reads an unquoted one.
        as_json = Path(directory, "openapi.json")
        as_json.write_text(json.dumps(yaml.safe_load(document.read_text()), default=str))
        python = str(PEERS / "python" / "bin" / "python")
        script = str(Path(__file__).with_name("fastmcp_peer.py"))
        return anyio.run(listed, StdioServerParameters(command=python, args=[script, NOWHERE, str(as_json)]))


async def listed(server: StdioServerParameters) -> Tools:
    # Handed on to the process as it is, whatever the SDK declares.
    nowhere: Any = subprocess.DEVNULL
    async with Client(stdio_client(server, errlog=nowhere)) as client:
        tools = (await client.list_tools()).tools
    return [t.model_dump(mode="json", by_alias=True, exclude_none=True) for t in tools]


def parts(tools: Tools) -> dict[str, Tools]:
    """The listing cut down step by step."""
    with_output: Tools = [{k: t[k] for k in (*BARE, "outputSchema") if k in t} for t in tools]
    return {
        "name, description, input schema": [{k: t[k] for k in BARE if k in t} for t in tools],
        "and output schema": with_output if any("outputSchema" in t for t in tools) else [],
        "whole listing": tools,
    }


def report(name: str, tools: Tools, limits: tuple[int, int] | None = None) -> None:
    print(f"{name}: {len(tools)} tools")
    for what, shown in parts(tools).items():
        if not shown:
            continue
        total = sum(size(t) for t in shown) if what != "whole listing" else size({"tools": shown})
        count = sum(tokens(t) for t in shown)
        limit = ""
        if limits and what == "name, description, input schema":
            limit = f"   limit {limits[0]:,} bytes, {limits[1]:,} tokens"
        print(f"  {what:34}{total:8,} bytes{count:8,} tokens{limit}")


def main(*documents: str) -> None:
    for which, tools in ours().items():
        report(f"clerk-mcp, {which}", tools, LIMITS[which])
    for document in documents:
        report(f"FastMCP from_openapi, {Path(document).name}", fastmcps(Path(document)))


if __name__ == "__main__":
    main(*sys.argv[1:])
