"""The tools in Pydantic AI.

    python examples/pydantic_ai_toolset.py

An agent takes the toolset: `Agent(model, toolsets=[clerk])`. No model is needed to call a tool by hand.
"""

import asyncio

from fastmcp.client.transports import StdioTransport
from pydantic_ai import ModelRetry
from pydantic_ai.mcp import MCPToolset


async def main() -> None:
    clerk = MCPToolset(StdioTransport("clerk-mcp", ["--sandbox"]))
    async with clerk:
        print(f"{len(await clerk.list_tools())} tools")

        found = await clerk.direct_call_tool("Users_listSortedByCreationDate", {"query": "helen"})
        [helen] = found["items"]
        print(f"{helen['name']} is {helen['id']}")

        merged = await clerk.direct_call_tool(
            "Users_mergeUserMetadataAttributes", {"user_id": helen["id"], "public_metadata": {"plan": "pro"}}
        )
        print(f"her plan is now {merged['public_metadata']['plan']}")

        try:
            await clerk.direct_call_tool("Users_getUserDetails", {"user_id": "user_nobody"})
        except ModelRetry as error:
            # In a run, this goes back to the model, which can act on the hint.
            print(error)


asyncio.run(main())
