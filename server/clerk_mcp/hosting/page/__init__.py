"""The page for people at `/`: what this server is, how to connect to it, and every tool."""

from clerk_mcp.hosting.page.page import PAGES, About, page_routes

__all__ = ["PAGES", "About", "page_routes"]
