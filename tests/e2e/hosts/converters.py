"""Frameworks' own converters of tools, run over a listing by the Python that has them.

    python tests/e2e/hosts/converters.py < listing.json

Prints JSON: by converter, the tools that it refuses or whose arguments it loses, each with the reason; None
where it is not installed. Nothing here is imported from this project, and nothing is sent anywhere.
"""

# mypy: ignore-errors

from __future__ import annotations

import copy
import json
import sys


def langchain_for_gemini(tool: dict) -> set[str]:
    """Convert as LangChain does for Gemini; the names of the arguments that are left."""
    from langchain_google_genai._function_utils import convert_to_genai_function_declarations

    converted = convert_to_genai_function_declarations([_langchain(tool)])
    [made] = converted if isinstance(converted, list) else [converted]
    [declaration] = made.function_declarations
    return set((declaration.parameters.properties or {}) if declaration.parameters else {})


def langchain_for_openai(tool: dict) -> set[str]:
    """Convert as LangChain does for OpenAI, in its strict mode."""
    from langchain_core.utils.function_calling import convert_to_openai_tool

    return set(convert_to_openai_tool(_langchain(tool), strict=True)["function"]["parameters"]["properties"])


def google_genai(tool: dict) -> set[str]:
    """Convert as Google's own client does, and so ADK."""
    from google.genai._mcp_utils import mcp_to_gemini_tool
    from mcp.types import Tool

    [declaration] = mcp_to_gemini_tool(Tool.model_validate(tool)).function_declarations
    given = declaration.parameters.properties if declaration.parameters else None
    schema = declaration.parameters_json_schema
    return set(given or (schema or {}).get("properties") or {})


def google_genai_schema(tool: dict) -> set[str]:
    """Convert to Gemini's own kind of schema."""
    from google.genai import types

    schema = types.JSONSchema.model_validate(tool["inputSchema"])
    return set(types.Schema.from_json_schema(json_schema=schema).properties or {})


def openai_agents(tool: dict) -> set[str]:
    """Make a schema strict as OpenAI's agents do; they fall back to the plain one where that fails."""
    from agents.strict_schema import ensure_strict_json_schema

    return set(ensure_strict_json_schema(copy.deepcopy(tool["inputSchema"]))["properties"])


def pydantic_ai_for_openai(tool: dict) -> set[str]:
    """Convert as Pydantic AI does for OpenAI."""
    from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer

    return set(
        OpenAIJsonSchemaTransformer(copy.deepcopy(tool["inputSchema"]), strict=None).walk()["properties"]
    )


def pydantic_ai_for_gemini(tool: dict) -> set[str]:
    """Convert as Pydantic AI does for Gemini."""
    from pydantic_ai.profiles.google import GoogleJsonSchemaTransformer

    return set(
        GoogleJsonSchemaTransformer(copy.deepcopy(tool["inputSchema"]), strict=None).walk()["properties"]
    )


def _langchain(tool: dict):
    from langchain_core.tools import StructuredTool

    async def call(**_):
        return ""

    return StructuredTool(
        name=tool["name"], description=tool["description"], args_schema=tool["inputSchema"], coroutine=call
    )


CONVERTERS = (
    langchain_for_gemini,
    langchain_for_openai,
    google_genai,
    google_genai_schema,
    openai_agents,
    pydantic_ai_for_openai,
    pydantic_ai_for_gemini,
)


def refused(convert, tools: list[dict]) -> dict[str, str] | None:
    """Tell which tools a converter does not take whole, and why; None where it is not installed."""
    reasons = {}
    for tool in tools:
        try:
            left = convert(tool)
        except ImportError as missing:
            sys.stderr.write(f"{convert.__name__}: {missing}\n")
            return None
        except Exception as problem:  # noqa: BLE001 whatever it is, the framework does not take the tool
            reasons[tool["name"]] = f"{type(problem).__name__}: {problem}"[:300]
        else:
            lost = tool["inputSchema"].get("properties", {}).keys() - left
            if lost:
                reasons[tool["name"]] = f"lost {', '.join(sorted(lost))}"
    return reasons


if __name__ == "__main__":
    listing = json.load(sys.stdin)
    json.dump({convert.__name__: refused(convert, listing) for convert in CONVERTERS}, sys.stdout)
