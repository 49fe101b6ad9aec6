"""`clerk-mcp install`: this server's entry in a host's configuration file, and nothing else of it."""
