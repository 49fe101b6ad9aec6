"""The tools from plain Python, with the MCP SDK's own client (mcp 2).

python examples/plain_mcp.py
"""

import asyncio
import json

from mcp import Client
from mcp.client.stdio import StdioServerParameters

SERVER = StdioServerParameters(command="clerk-mcp", args=["--sandbox"])


async def main() -> None:
    async with Client(SERVER) as client:
        tools = (await client.list_tools()).tools
        print(f"{len(tools)} tools over MCP {client.protocol_version}")

        found = await client.call_tool("Users_listSortedByCreationDate", {"query": "helen"})
        [helen] = found.structured_content["items"]
        print(f"{helen['name']} is {helen['id']}")

        merged = await client.call_tool(
            "Users_mergeUserMetadataAttributes",
            {"user_id": helen["id"], "public_metadata": {"plan": "pro"}},
        )
        print(f"her plan is now {merged.structured_content['public_metadata']['plan']}")

        missing = await client.call_tool("Users_getUserDetails", {"user_id": "user_nobody"})
        print(json.dumps(missing.structured_content["error"], indent=2))


asyncio.run(main())
