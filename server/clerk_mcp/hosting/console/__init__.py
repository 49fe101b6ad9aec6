"""The console: this server's own pages, where people see what may run, what runs and what was done."""

from clerk_mcp.hosting.console.console import ASSETS, PAGES, Console
from clerk_mcp.hosting.console.layout import InstanceKind
from clerk_mcp.hosting.console.now import Now

__all__ = ["ASSETS", "PAGES", "Console", "InstanceKind", "Now"]
