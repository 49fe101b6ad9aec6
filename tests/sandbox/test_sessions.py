"""Sessions, clients, and the tokens that sessions give out."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk import Clerk
from tests.sandbox.clock import Clock

pytestmark = pytest.mark.anyio

LIST = "Sessions_listSortedByCreationDate"
TOKEN = "Sessions_createSessionTokenFromTemplate"
UNAUTHENTICATED = (401, "authentication_invalid", None)


async def active_session(clerk: Clerk, username: str = "nadia") -> Any:
    (user,) = await clerk.call("Users_listSortedByCreationDate", username=[username])
    return (await clerk.call(LIST, user_id=user["id"], status="active"))[0]


async def test_sessions_can_be_listed_by_user_client_and_status(clerk: Clerk) -> None:
    everything = await clerk.call(LIST, limit=500)
    assert [one["created_at"] for one in everything] == sorted(
        (one["created_at"] for one in everything), reverse=True
    )
    for name in ("user_id", "client_id", "status"):
        for value in {one[name] for one in everything}:
            expected = [one for one in everything if one[name] == value]
            assert await clerk.call(LIST, limit=500, **{name: value}) == expected
    assert await clerk.error(LIST, status="asleep") == (422, "form_param_value_invalid", "status")


async def test_a_session_is_revoked_once_and_stays_so(clerk: Clerk) -> None:
    session = await active_session(clerk)
    revoked = await clerk.call("Sessions_revokeSession", session_id=session["id"])
    assert revoked["status"] == "revoked"
    assert await clerk.call("Sessions_revokeSession", session_id=session["id"]) == revoked
    assert await clerk.call("Sessions_getDetails", session_id=session["id"]) == revoked


async def test_a_session_that_had_ended_is_not_revoked_again(clerk: Clerk) -> None:
    (ended, *_) = await clerk.call(LIST, status="ended")
    assert await clerk.call("Sessions_revokeSession", session_id=ended["id"]) == ended


async def test_a_session_expires_when_its_time_is_over(clock: Clock) -> None:
    clerk = Clerk(Sandbox(clock=clock))
    session = await active_session(clerk)
    clock.advance_s((session["expire_at"] - clock()) / 1000)
    assert (await clerk.call("Sessions_getDetails", session_id=session["id"]))["status"] == "expired"
    assert await clerk.call(LIST, user_id=session["user_id"], status="active") == []
    assert await clerk.error(TOKEN, session_id=session["id"], template_name="hasura") == UNAUTHENTICATED


async def test_a_token_is_signed_with_the_key_that_jwks_shows(clerk: Clerk) -> None:
    session = await active_session(clerk)
    token = (await clerk.call(TOKEN, session_id=session["id"], template_name="greenhouse-api"))["jwt"]
    (jwk,) = (await clerk.call("Jwks_getJsonWebKeySet"))["keys"]
    assert jwt.get_unverified_header(token)["kid"] == jwk["kid"]
    claims = jwt.decode(
        token, jwt.PyJWK(jwk).key, algorithms=["RS256"], audience="https://api.fernhill.example"
    )
    assert claims["sub"] == session["user_id"]
    assert claims["email"] == "nadia.brandt@fernhill.example"
    assert claims["exp"] - claims["iat"] == 300
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(
            token[:-8] + "AAAAAAAA", jwt.PyJWK(jwk).key, algorithms=["RS256"], options={"verify_aud": False}
        )


async def test_a_template_s_claims_are_filled_from_the_user_and_the_organization(clerk: Clerk) -> None:
    session = await active_session(clerk)
    await clerk.call(
        "JwtTemplates_createTemplate",
        name="everything",
        claims={
            "name": "{{user.full_name}}",
            "greeting": "Hello {{ user.first_name }}!",
            "metadata": "{{user.public_metadata}}",
            "deep": [{"title": "{{user.public_metadata.title}}"}],
            "role": "{{org.role}}",
            "nothing": "{{user.no.such.thing}}",
            "number": 1,
        },
        custom_signing_key=True,
        signing_algorithm="HS256",
        signing_key="a shared secret of thirty-two bytes",
    )
    token = (await clerk.call(TOKEN, session_id=session["id"], template_name="everything"))["jwt"]
    claims = jwt.decode(token, "a shared secret of thirty-two bytes", algorithms=["HS256"])
    assert {name: claims[name] for name in ("name", "greeting", "deep", "role", "nothing", "number")} == {
        "name": "Nadia Brandt",
        "greeting": "Hello Nadia!",
        "deep": [{"title": "Founder"}],
        "role": "org:admin",
        "nothing": None,
        "number": 1,
    }
    assert claims["metadata"]["team"] == "management"


async def test_there_is_no_token_for_a_template_or_a_session_that_is_not_there(clerk: Clerk) -> None:
    session = await active_session(clerk)
    missing = (404, "resource_not_found", None)
    assert await clerk.error(TOKEN, session_id=session["id"], template_name="nothing") == missing
    assert await clerk.error(TOKEN, session_id="sess_nothing", template_name="hasura") == missing


async def test_a_token_verifies_its_own_session_and_client_and_no_other(clerk: Clerk) -> None:
    session, other = await active_session(clerk), await active_session(clerk, "kwame")
    token = (await clerk.call(TOKEN, session_id=session["id"], template_name="hasura"))["jwt"]
    verify = "Sessions_verifySession"
    assert await clerk.call(verify, session_id=session["id"], token=token) == session
    client = await clerk.call("Clients_verifyClientToken", token=token)
    assert client["id"] == session["client_id"]
    assert client["last_active_session_id"] == session["id"]
    assert await clerk.error(verify, session_id=other["id"], token=token) == UNAUTHENTICATED
    assert await clerk.error(verify, session_id=session["id"], token="made.up.token") == UNAUTHENTICATED
    assert await clerk.error(verify, session_id=session["id"]) == (422, "form_param_missing", "token")
    assert await clerk.error("Clients_verifyClientToken", token=token + "x") == UNAUTHENTICATED
    await clerk.call("Sessions_revokeSession", session_id=session["id"])
    assert await clerk.error(verify, session_id=session["id"], token=token) == UNAUTHENTICATED
    assert await clerk.error("Clients_verifyClientToken", token=token) == UNAUTHENTICATED


async def test_a_token_does_not_outlive_its_template_s_lifetime(clock: Clock) -> None:
    clerk = Clerk(Sandbox(clock=clock))
    session = await active_session(clerk)
    token = (await clerk.call(TOKEN, session_id=session["id"], template_name="greenhouse-api"))["jwt"]
    clock.advance_s(299)
    await clerk.call("Clients_verifyClientToken", token=token)
    clock.advance_s(1)
    assert await clerk.error("Clients_verifyClientToken", token=token) == UNAUTHENTICATED


async def test_a_client_keeps_its_revoked_sessions_but_not_those_of_a_deleted_user(clerk: Clerk) -> None:
    session = await active_session(clerk)
    await clerk.call("Sessions_revokeSession", session_id=session["id"])
    client = await clerk.call("Clients_getDetails", client_id=session["client_id"])
    assert session["id"] in client["session_ids"]
    assert client["last_active_session_id"] is None
    await clerk.call("Users_deleteUserById", user_id=session["user_id"])
    client = await clerk.call("Clients_getDetails", client_id=session["client_id"])
    assert (client["session_ids"], client["sessions"]) == ([], [])
    assert await clerk.error("Clients_getDetails", client_id="client_nothing") == (
        404,
        "resource_not_found",
        None,
    )


async def test_clients_are_listed_newest_first(clerk: Clerk) -> None:
    clients = await clerk.call("Clients_listSortedByCreationDate", limit=500)
    dates = [client["created_at"] for client in clients]
    assert len(dates) > 5
    assert dates == sorted(dates, reverse=True)
