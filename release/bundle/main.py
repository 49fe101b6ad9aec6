"""Starts the server in an MCP bundle."""

import os

# A host hands on what its user left empty as an empty variable; to the server, that would be a wrong value.
for name in [name for name, value in os.environ.items() if name.startswith("CLERK_") and not value]:
    del os.environ[name]

from clerk_mcp.cli import main  # noqa: E402  # it reads the environment

main()
