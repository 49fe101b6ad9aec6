"""Tokens with which your machines prove to each other who they are."""

from __future__ import annotations

from typing import Annotated, Literal

from clerk_tools.argument import Body, Id, JsonObject, Kind, Path, Query, arg
from clerk_tools.hits import Hit, Look
from clerk_tools.operation import Operation
from clerk_tools.resources.machines import MachineId
from clerk_tools.spec import ANOTHER_DOES_NO_HARM, Advice, Demo, Example
from clerk_tools.view import View

M2mTokenId = Annotated[Id, Kind("M2M token", found_by="getM2MTokens")]

_TOKEN = View(
    ("id", "subject", "claims", "revocation_reason"),
    flags=("revoked", "expired"),
    lists=("scopes",),
    times=("expiration", "last_used_at", "created_at"),
)
VIEWS = {
    "machine_to_machine_token": _TOKEN,
    "m2m_token_list": View(("total_count",), inside={"m2m_tokens": _TOKEN}),
}


class CreateM2mToken(
    Operation,
    id="createM2MToken",
    version="2021-02-05",
    post="/m2m_tokens",
    returns="machine_to_machine_token",
    secret=("token",),
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    mints=True,
    words="issue a machine token, token for a service, new M2M token, token for a service to call "
    "another, machine-to-machine token, service token, create a machine token, credential for "
    "calls between services, access token for a backend",
    example=Example({"seconds_until_expiration": 600}),
):
    """Make a token for the machine whose secret key this server runs with. Clerk refuses it where that is the
    key of an instance."""

    token_format: Body[Literal["opaque", "jwt"]] = arg(default="opaque")
    seconds_until_expiration: Body[int] = arg("By default the machine's", optional=True, ge=0, nullable=True)
    claims: Body[JsonObject] = arg(optional=True, nullable=True)
    min_remaining_ttl_seconds: Body[int] = arg(
        "Answer an earlier one that is good for so long", optional=True, ge=0
    )


class GetM2mTokens(
    Operation,
    id="getM2MTokens",
    version="2021-02-05",
    get="/m2m_tokens",
    returns="m2m_token_list",
    words="which tokens does a machine have, list machine tokens, list M2M tokens, tokens of a service, "
    "active machine tokens",
    example=Example({"subject": Demo("the mailer machine")}),
):
    """The tokens of a machine, without their values."""

    subject: Query[MachineId] = arg("Machine id")
    revoked: Query[bool] = arg("Also these", default=False, nullable=True)
    expired: Query[bool] = arg("Also these", default=False, nullable=True)
    limit: Query[int] = arg(default=10, ge=1, le=100)
    offset: Query[int] = arg(default=0, ge=0, nullable=True)


class RevokeM2mToken(
    Operation,
    id="revokeM2MToken",
    version="2021-02-05",
    post="/m2m_tokens/{m2m_token_id}/revoke",
    returns="machine_to_machine_token",
    effect="destroy",
    words="invalidate a machine token, stop a leaked machine token, revoke a service token, M2M token "
    "was leaked, stop a machine token",
    example=Example({"m2m_token_id": Demo("an M2M token")}, late=True),
):
    """Revoke a machine's token: it is refused from now on."""

    m2m_token_id: Path[M2mTokenId] = arg()
    revocation_reason: Body[str] = arg(optional=True, nullable=True)

    async def hit(self, look: Look) -> Hit:
        return Hit.of("M2M token", "it is refused from now on")


class VerifyM2mToken(
    Operation,
    id="verifyM2MToken",
    version="2021-02-05",
    post="/m2m_tokens/verify",
    returns="machine_to_machine_token",
    effect="read",
    private=("token",),
    words="check a machine token, is a machine token valid, validate an M2M token, is a service token "
    "genuine, which machine sent a token, token of an incoming call between services",
    example=Example({"token": Demo("an M2M token's value")}),
):
    """Whether a machine's token is good, and whose it is."""

    token: Body[str] = arg()
