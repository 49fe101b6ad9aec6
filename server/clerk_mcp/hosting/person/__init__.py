"""Pages on which a person decides: what callers ask, and the credentials that are kept for them."""

from clerk_mcp.hosting.person.doors import LinkDoor
from clerk_mcp.hosting.person.loopback import Loopback
from clerk_mcp.hosting.person.one_time import OneTimeLinks
from clerk_mcp.hosting.person.pages import BELOW, PersonPages
from clerk_mcp.hosting.person.visitors import SignedIn, Visitor

__all__ = ["BELOW", "LinkDoor", "Loopback", "OneTimeLinks", "PersonPages", "SignedIn", "Visitor"]
