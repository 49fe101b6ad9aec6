"""`python -m clerk_mcp` is the command `clerk-mcp`."""

from clerk_mcp.cli import main

main()
