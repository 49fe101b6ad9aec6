"""API keys: long-lived credentials that a user or an organization uses in a backend of yours."""

from __future__ import annotations

from typing import Annotated, Literal

from clerk_tools.argument import REPLACES_KEYS, Body, Id, JsonObject, Kind, Path, Query, arg, moves, replaces
from clerk_tools.hits import Hit, Look, inside, thing
from clerk_tools.ids import UserId, UserOrOrganizationId
from clerk_tools.operation import Operation
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

ApiKeyId = Annotated[Id, Kind("API key", found_by="getApiKeys")]

VIEWS = {
    "api_key": View(
        (
            "id",
            "type",
            "subject",
            "name",
            "description",
            "claims",
            "revocation_reason",
            "expiration",
            "created_by",
        ),
        flags=("revoked", "expired", "deleted"),
        lists=("scopes",),
        times=("last_used_at", "created_at"),
    ),
    "api_key_secret": View(("secret",)),
}


class CreateApiKey(
    Operation,
    id="createApiKey",
    version="2021-02-05",
    post="/api_keys",
    returns="api_key",
    secret=("secret",),
    mints=True,
    words="create an API key with an expiry, issue an API key, give a customer an API key, make an api "
    "token for a user, new API key, make a key for a user, key for a script, access key of an "
    "organization, personal access token",
    example=Example({"name": "nightly export", "subject": Demo("nadia")}),
):
    """Issue an API key for a user or an organization (`subject`). Its secret comes with the answer."""

    name: Body[str] = arg(min_length=3)
    subject: Body[UserOrOrganizationId] = arg("A user's, or org_…")
    type: Body[str] = arg(default="api_key", min_length=3, max_length=25)
    description: Body[str] = arg(optional=True, max_length=255, nullable=True)
    claims: Body[JsonObject] = arg("Put into what verifying answers", optional=True, nullable=True)
    scopes: Body[list[str]] = arg(optional=True)
    created_by: Body[UserId] = arg("User id", optional=True, nullable=True)
    seconds_until_expiration: Body[int] = arg("Never, if left out", optional=True, ge=0, nullable=True)


class GetApiKeys(
    Operation,
    id="getApiKeys",
    version="2021-02-05",
    get="/api_keys",
    pages="api_key",
    words="which API keys does a user have, list api keys, keys of an organization, API keys of a user, "
    "API keys of an organization, all keys somebody made, which keys exist",
    example=Example({"subject": Demo("nadia")}),
):
    """The API keys of a user or an organization, without their secrets."""

    subject: Query[UserOrOrganizationId] = arg("A user's, or org_…")
    type: Query[str] = arg(default="api_key", min_length=3)
    include_invalid: Query[Literal["true", "false"]] = arg("Also revoked and expired ones", default="false")
    limit: Query[int] = arg(default=10, ge=1, le=100)
    offset: Query[int] = arg(default=0, ge=0, nullable=True)
    query: Query[str] = arg("Part of a name", optional=True)


class GetApiKey(
    Operation,
    id="getApiKey",
    version="2021-02-05",
    get="/api_keys/{api_key_id}",
    returns="api_key",
    words="details of an API key, when was an api key last used, show an API key, when does an API key "
    "expire, look at one key, scopes of a key",
    example=Example({"api_key_id": Demo("an API key")}),
):
    """One API key, without its secret."""

    api_key_id: Path[ApiKeyId] = arg()


class UpdateApiKey(
    Operation,
    id="updateApiKey",
    version="2021-02-05",
    patch="/api_keys/{api_key_id}",
    returns="api_key",
    words="change the scopes of an API key, extend an API key, new expiry of an api key, rename an API "
    "key, other scopes for a key, longer life of an API key, change an API key",
    example=Example({"api_key_id": Demo("an API key"), "description": "For the nightly export"}),
):
    """Change an API key's rights and expiry; its secret stays."""

    api_key_id: Path[ApiKeyId] = arg()
    claims: Body[JsonObject] = arg("Replaces them", optional=True, nullable=True, risk=REPLACES_KEYS)
    scopes: Body[list[str]] = arg(
        "Replaces them", optional=True, risk=replaces("whoever uses it loses the scopes that are not given")
    )
    description: Body[str] = arg(optional=True, max_length=255, nullable=True)
    subject: Body[str] = arg(optional=True, risk=replaces("it no longer acts for its present subject"))
    seconds_until_expiration: Body[int] = arg(
        "From now", optional=True, ge=0, nullable=True, risk=moves("it is refused once that time is over")
    )


class DeleteApiKey(
    Operation,
    id="deleteApiKey",
    version="2021-02-05",
    delete="/api_keys/{api_key_id}",
    returns="api_key",
    words="delete an API key, remove an API key, get rid of a key",
    example=Example({"api_key_id": Demo("the old API key")}, late=True),
):
    """Delete an API key, for good. To keep a record of it, revoke."""

    api_key_id: Path[ApiKeyId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of(await _named(look, self.api_key_id), "it is refused from now on", "its record is lost")


class GetApiKeySecret(
    Operation,
    id="getApiKeySecret",
    version="2021-02-05",
    get="/api_keys/{api_key_id}/secret",
    returns="api_key_secret",
    secret=("secret",),
    mints=True,
    words="show the secret of an API key, lost api key secret, reveal an API key, see an API key's "
    "value again, full key",
    example=Example({"api_key_id": Demo("an API key")}),
):
    """The secret of an API key. It acts as the key's subject."""

    api_key_id: Path[ApiKeyId] = arg()


class RevokeApiKey(
    Operation,
    id="revokeApiKey",
    version="2021-02-05",
    post="/api_keys/{api_key_id}/revoke",
    returns="api_key",
    effect="destroy",
    words="disable an API key, stop a leaked api key, invalidate an API key, API key was leaked, stop a "
    "key from working, turn an API key off, API key was published, key is in a public repository, "
    "block an API key",
    example=Example({"api_key_id": Demo("an API key"), "revocation_reason": "leaked"}, late=True),
):
    """Revoke an API key: it is refused from now on. Its record stays."""

    api_key_id: Path[ApiKeyId] = arg()
    revocation_reason: Body[str] = arg(optional=True, nullable=True)

    async def hit(self, look: Look) -> Hit:
        return Hit.of(await _named(look, self.api_key_id), "it is refused from now on")


class VerifyApiKey(
    Operation,
    id="verifyApiKey",
    version="2021-02-05",
    post="/api_keys/verify",
    returns="api_key",
    effect="read",
    private=("secret",),
    words="check an API key, whose API key is this, is an api key valid, validate an API key, is a key "
    "still good, who does a key belong to",
    example=Example({"secret": Demo("an API key's secret")}),
):
    """Whether an API key is good, and whose it is. A key that is not known answers 404."""

    secret: Body[str] = arg("The whole key")


async def _named(look: Look, id: str) -> str:
    key = await look.at(GetApiKey(api_key_id=id), is_target=True)
    return thing("API key", inside(key, "name"), inside(key, "subject"))
