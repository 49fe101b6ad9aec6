"""Clients: the browsers and devices that hold sessions."""

from __future__ import annotations

from clerk_tools.argument import Body, Path, arg
from clerk_tools.ids import ClientId
from clerk_tools.operation import Counted, Operation, Paged
from clerk_tools.spec import Advice, Demo, Example


class ListClients(
    Counted,
    Paged,
    id="Clients_listSortedByCreationDate",
    get="/clients",
    lists="client",
    deprecated=True,
    instead="Sessions_listSortedByCreationDate with `user_id`",
    words="all browsers and devices, list clients, known browsers, known devices, browsers that are "
    "signed in",
    example=Example({"limit": 5}),
):
    """Browsers and devices with their sessions, newest first. Deprecated and may answer 410: use
    Sessions_listSortedByCreationDate."""


class VerifyClient(
    Operation,
    id="Clients_verifyClientToken",
    post="/clients/verify",
    returns="client",
    effect="read",
    private=("token",),
    advice=Advice(not_found="The client of this token is gone: ask for a new token."),
    words="whose token is it, verify a client token, client cookie, which client sent a cookie, which "
    "browser does a cookie belong to, decode a client token",
    example=Example({"token": Demo("an issued token")}),
):
    """Which client a client token (a JWT) belongs to."""

    token: Body[str] = arg("Needed: the JWT", optional=True)


class GetClient(
    Operation,
    id="Clients_getDetails",
    get="/clients/{client_id}",
    returns="client",
    words="one browser, one device, details of a client, sessions of one browser, look at one client",
    example=Example({"client_id": Demo("a client")}),
):
    """One client (a browser or device) with its sessions."""

    client_id: Path[ClientId] = arg()
