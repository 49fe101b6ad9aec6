"""An MCP server that lets AI agents run a Clerk instance.

This is an application: its interface is the command `clerk-mcp` and the ASGI application
`clerk_mcp.http:app`. Everything else in here may change with any version. What is public of `clerk_sandbox`
and `clerk_tools` stands in their `__all__`.
"""
