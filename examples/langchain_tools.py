"""The tools in LangChain, through langchain-mcp-adapters.

    python examples/langchain_tools.py

An agent takes the same list: `create_agent(model, tools)`. No model is needed to call a tool by hand.
"""

import asyncio
import json

from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools

SERVERS = {"clerk": {"transport": "stdio", "command": "clerk-mcp", "args": ["--sandbox"]}}


def text_of(answer: list[dict[str, str]]) -> str:
    return "".join(block["text"] for block in answer)


async def main() -> None:
    # One session for all calls: without it, the adapters start a new server, and so a new sandbox, for each.
    async with MultiServerMCPClient(SERVERS).session("clerk") as session:
        tools = {tool.name: tool for tool in await load_mcp_tools(session, handle_tool_errors=True)}
        print(f"{len(tools)} tools")

        found = await tools["Users_listSortedByCreationDate"].ainvoke({"query": "helen"})
        [helen] = json.loads(text_of(found))["items"]
        print(f"{helen['name']} is {helen['id']}")

        merged = await tools["Users_mergeUserMetadataAttributes"].ainvoke(
            {"user_id": helen["id"], "public_metadata": {"plan": "pro"}}
        )
        print(f"her plan is now {json.loads(text_of(merged))['public_metadata']['plan']}")

        # An error comes back as text for the model to act on.
        missing = await tools["Users_getUserDetails"].ainvoke({"user_id": "user_nobody"})
        print(missing if isinstance(missing, str) else text_of(missing))


asyncio.run(main())
