"""The tools in the OpenAI Agents SDK.

    python examples/openai_agents.py

An agent takes the server itself: `Agent(name=…, mcp_servers=[server])`. No model is needed to call a tool by
hand.
"""

import asyncio
import json

from agents.mcp import MCPServerStdio


async def main() -> None:
    server = MCPServerStdio(
        {"command": "clerk-mcp", "args": ["--sandbox"]}, name="clerk", cache_tools_list=True
    )
    async with server:
        print(f"{len(await server.list_tools())} tools")

        found = await server.call_tool("Users_listSortedByCreationDate", {"query": "helen"})
        [helen] = json.loads(found.content[0].text)["items"]
        print(f"{helen['name']} is {helen['id']}")

        merged = await server.call_tool(
            "Users_mergeUserMetadataAttributes", {"user_id": helen["id"], "public_metadata": {"plan": "pro"}}
        )
        print(f"her plan is now {json.loads(merged.content[0].text)['public_metadata']['plan']}")

        missing = await server.call_tool("Users_getUserDetails", {"user_id": "user_nobody"})
        print(missing.content[0].text)


asyncio.run(main())
