"""The prompts, from what the server offers."""

from __future__ import annotations

from clerk_mcp.protocol.prompts import PROMPTS, Prompt


def every() -> str:
    """Each prompt with what it asks for and the tools that it leads through."""
    return "\n\n".join(map(_prompt, PROMPTS))


def _prompt(prompt: Prompt) -> str:
    given = [
        f"- `{argument.name}`{'' if argument.required else ', if you like'}: {argument.description}"
        for argument in prompt.arguments
    ]
    tools = ", ".join(f"`{tool}`" for tool in prompt.tools)
    asked = [*given, ""] if given else []
    return "\n".join(
        [f"## {prompt.title}", "", f"`{prompt.name}`. {prompt.description}.", "", *asked, f"Tools: {tools}."]
    )
