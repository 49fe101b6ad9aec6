"""An MCP server that lets AI agents run a Clerk instance."""
