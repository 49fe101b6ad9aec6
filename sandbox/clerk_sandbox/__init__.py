"""A local Clerk that keeps its state in memory and obeys Clerk's rules.

In process, behind an HTTP client: `SandboxTransport(Sandbox())`. As a server: `clerk-mcp sandbox`.
"""

from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport

__all__ = ["Sandbox", "SandboxTransport"]
