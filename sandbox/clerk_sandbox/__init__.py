"""A local Clerk that keeps its state in memory and obeys Clerk's rules.

In process, behind an HTTP client: `transport.SandboxTransport(sandbox.Sandbox())`. As a server: `serve.run`.
"""
