"""What Clerk's Backend API can do, as declarations: no I/O and no MCP in here."""
