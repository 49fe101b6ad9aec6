"""Clients: the browsers and devices that hold sessions."""

from __future__ import annotations

from clerk_tools.argument import Body, Id, Path, arg
from clerk_tools.operation import Operation, Paged


class ListClients(
    Paged,
    id="Clients_listSortedByCreationDate",
    get="/clients",
    lists="client",
    deprecated=True,
    words="all browsers and devices",
):
    """Browsers and devices with their sessions, newest first. Deprecated and may answer 410: list sessions
    instead."""


class VerifyClient(
    Operation,
    id="Clients_verifyClientToken",
    post="/clients/verify",
    returns="client",
    effect="read",
    private=("token",),
    words="whose token is it",
):
    """Which client a client token (a JWT) belongs to."""

    token: Body[str] = arg("The JWT", optional=True)


class GetClient(
    Operation,
    id="Clients_getDetails",
    get="/clients/{client_id}",
    returns="client",
    words="one browser, one device",
):
    """One client (a browser or device) with its sessions."""

    client_id: Path[Id] = arg()
