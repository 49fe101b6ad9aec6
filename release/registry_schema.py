"""What the MCP registry's schema of 2025-12-11 demands of a `server.json` that names packages, as facts."""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final = {"type": "string"}
_VARIABLE: Final = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": _TEXT,
        "description": _TEXT,
        "default": _TEXT,
        "value": _TEXT,
        "placeholder": _TEXT,
        "format": {"enum": ["string", "number", "boolean", "filepath"]},
        "isRequired": {"type": "boolean"},
        "isSecret": {"type": "boolean"},
        "choices": {"type": "array", "items": _TEXT},
    },
    # The schema lets more pass; a name that it does not know is a slip of ours.
    "additionalProperties": False,
}
_PACKAGE: Final = {
    "type": "object",
    "required": ["registryType", "identifier", "transport"],
    "properties": {
        "registryType": {"enum": ["npm", "pypi", "oci", "nuget", "mcpb"]},
        "identifier": _TEXT,
        "version": {"type": "string", "minLength": 1, "not": {"const": "latest"}},
        "runtimeHint": _TEXT,
        "transport": {"type": "object", "required": ["type"], "properties": {"type": {"const": "stdio"}}},
        "environmentVariables": {"type": "array", "items": _VARIABLE},
    },
    "additionalProperties": False,
}
SERVER_JSON: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["$schema", "name", "description", "version"],
    "properties": {
        "$schema": _TEXT,
        "name": {
            "type": "string",
            "minLength": 3,
            "maxLength": 200,
            "pattern": "^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$",
        },
        "title": {"type": "string", "minLength": 1, "maxLength": 100},
        "description": {"type": "string", "minLength": 1, "maxLength": 100},
        "repository": {
            "type": "object",
            "required": ["url", "source"],
            "properties": {"url": {"type": "string", "format": "uri"}, "source": _TEXT},
            "additionalProperties": False,
        },
        "version": {"type": "string", "maxLength": 255, "pattern": r"^\d+\.\d+\.\d+"},
        "packages": {"type": "array", "items": _PACKAGE},
    },
    "additionalProperties": False,
}
