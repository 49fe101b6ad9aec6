"""`--auth oauth` before a real issuer on loopback: good tokens, and every kind of bad one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from clerk_mcp.hosting.auth import Rejected
from clerk_mcp.hosting.oauth import KEYS_LIVE_S, REFETCH_FLOOR_S, Issuer, OAuthTokens
from tests.server.web import COUNT, Served, hosting, serving

pytestmark = pytest.mark.anyio

AUDIENCE = "https://mcp.example.com/mcp"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE: dict[str, Any] = {
    "RS256": RSA_KEY,
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
ANOTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(algorithm: str, key_id: str | None = None) -> dict[str, Any]:
    encode: dict[str, Any] = {
        "RS256": RSAAlgorithm.to_jwk,
        "ES256": ECAlgorithm.to_jwk,
        "EdDSA": OKPAlgorithm.to_jwk,
    }
    return {
        **encode[algorithm](PRIVATE[algorithm].public_key(), as_dict=True),
        "kid": key_id or algorithm,
        "alg": algorithm,
        "use": "sig",
    }


@dataclass
class FakeIssuer:
    """An authorization server, as far as a resource server sees one."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public_jwk(name) for name in PRIVATE])
    fetches: int = 0

    async def metadata(self, _: Request) -> JSONResponse:
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys"})

    async def jwks(self, _: Request) -> JSONResponse:
        self.fetches += 1
        return JSONResponse({"keys": self.keys})

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "user_ada",
            "aud": AUDIENCE,
            "client_id": "client_1",
            "scope": "openid clerk:read",
            "iat": now,
            "exp": now + 300,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self, algorithm: str = "RS256", *, key: Any = None, kid: str | None = None, **changes: Any
    ) -> str:
        headers = {"kid": kid or algorithm}
        return jwt.encode(self.claims(**changes), key or PRIVATE[algorithm], algorithm, headers=headers)


@pytest.fixture
async def issuer() -> AsyncIterator[FakeIssuer]:
    fake = FakeIssuer()
    routes = [
        Route("/.well-known/oauth-authorization-server", fake.metadata),
        Route("/keys", fake.jwks),
    ]
    async with hosting(Starlette(routes=routes)) as url:
        fake.url = url
        yield fake


@asynccontextmanager
async def guarded(issuer: FakeIssuer, **flags: Any) -> AsyncIterator[Served]:
    given = {"oauth_audience": AUDIENCE, "public_url": "https://mcp.example.com", **flags}
    async with serving(auth="oauth", oauth_issuer=issuer.url, **given) as served:
        yield served


async def knock(served: Served, token: str) -> httpx2.Response:
    return await served.post(authorization=f"Bearer {token}")


@pytest.mark.parametrize("algorithm", PRIVATE)
async def test_a_good_token_is_let_in(issuer: FakeIssuer, algorithm: str) -> None:
    async with guarded(issuer) as served:
        assert (await knock(served, issuer.token(algorithm))).status_code == 200


@pytest.mark.parametrize("transport", ["2026-07-28", "legacy", "sse"])
async def test_a_token_opens_every_transport(issuer: FakeIssuer, transport: str) -> None:
    async with guarded(issuer) as served, served.client(transport, issuer.token()) as client:
        assert not (await client.call_tool(COUNT, {})).is_error


def unsigned(issuer: FakeIssuer) -> str:
    return jwt.encode(issuer.claims(), None, algorithm="none")  # type: ignore[arg-type]  # PyJWT takes it


def signed_with_the_public_key(issuer: FakeIssuer) -> str:
    """Key confusion: the public RSA key, which everybody has, used as the secret of an HMAC."""
    secret = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "typ": "JWT", "kid": "RS256"}, issuer.claims()]
    head = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.new(secret, head, hashlib.sha256).digest()).rstrip(b"=")
    return f"{head.decode()}.{signature.decode()}"


BAD: dict[str, tuple[Callable[[FakeIssuer], str], str]] = {
    "no JWT": (lambda _: "cmcp_something", "not a JWT"),
    "unsigned": (unsigned, "must be signed with one of"),
    "key confusion": (signed_with_the_public_key, "must be signed with one of"),
    "another key": (lambda i: i.token(key=ANOTHER), "signature of the token is wrong"),
    "key of another type": (lambda i: i.token("ES256", kid="RS256"), "does not fit its key"),
    "unknown key id": (lambda i: i.token(kid="new"), "does not publish"),
    "expired": (lambda i: i.token(exp=int(time.time()) - 120), "expired"),
    "no expiry": (lambda i: i.token(exp=None), "lacks the claim exp"),
    "an expiry beyond all numbers": (lambda i: i.token(exp=float("inf")), "malformed"),
    "a beginning beyond all numbers": (lambda i: i.token(nbf=float("inf")), "malformed"),
    "an issue beyond all numbers": (lambda i: i.token(iat=float("inf")), "the token is"),
    "an expiry that is no number": (lambda i: i.token(exp=float("nan")), "the token is"),
    "not yet": (lambda i: i.token(nbf=int(time.time()) + 120), "not valid yet"),
    "another audience": (lambda i: i.token(aud="https://other.example.com"), "another audience"),
    "no audience": (lambda i: i.token(aud=None), "lacks the claim aud"),
    "another issuer": (lambda i: i.token(iss="https://other.example.com"), "another issuer"),
    "nobody": (lambda i: i.token(sub=None, client_id=None), "neither a subject nor a client"),
}


async def test_a_bad_token_is_401_with_the_reason(issuer: FakeIssuer, subtests: pytest.Subtests) -> None:
    metadata = 'resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"'
    async with guarded(issuer) as served:
        for kind, (make, said) in BAD.items():
            with subtests.test(kind):
                response = await knock(served, make(issuer))
                assert response.status_code == 401
                assert said in response.json()["error_description"]
                assert 'error="invalid_token"' in response.headers["www-authenticate"]
                assert metadata in response.headers["www-authenticate"]


async def test_clocks_may_differ_by_a_minute(issuer: FakeIssuer) -> None:
    async with guarded(issuer) as served:
        assert (await knock(served, issuer.token(exp=int(time.time()) - 30))).status_code == 200
        assert (await knock(served, issuer.token(nbf=int(time.time()) + 30))).status_code == 200


async def test_a_token_without_our_scopes_is_403_and_told_which_to_ask_for(issuer: FakeIssuer) -> None:
    async with guarded(issuer) as served:
        response = await knock(served, issuer.token(scope="openid profile"))
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
    assert 'scope="clerk:read"' in response.headers["www-authenticate"]


@pytest.mark.parametrize("scope", [5, {"clerk:read": True}, ["clerk"], "clerk:reading"])
async def test_a_scope_of_another_form_grants_nothing(issuer: FakeIssuer, scope: object) -> None:
    async with guarded(issuer) as served:
        assert (await knock(served, issuer.token(scope=scope))).status_code == 403


async def test_the_metadata_leads_a_client_to_the_issuer(issuer: FakeIssuer) -> None:
    async with guarded(issuer) as served:
        first = await served.post()
        document = (await served.get("/.well-known/oauth-protected-resource/mcp")).json()
    assert first.status_code == 401
    assert "resource_metadata=" in first.headers["www-authenticate"]
    assert "error=" not in first.headers["www-authenticate"]
    assert document["resource"] == "https://mcp.example.com/mcp"
    # To the letter: clients compare it with the issuer's own metadata.
    assert document["authorization_servers"] == [issuer.url]
    assert document["scopes_supported"] == ["clerk:read", "clerk:write", "clerk:destroy", "clerk:secrets"]


@pytest.mark.parametrize(
    "kind", ["id+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "application/logout+jwt", 7]
)
async def test_a_token_of_a_type_that_is_no_access_token_is_refused(issuer: FakeIssuer, kind: object) -> None:
    headers = {"kid": "RS256", "typ": kind}
    token = jwt.encode(issuer.claims(), PRIVATE["RS256"], "RS256", headers=headers)
    async with guarded(issuer) as served:
        assert (await knock(served, token)).status_code == 401


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "AT+JWT", "application/at+jwt", None])
async def test_a_token_of_the_type_of_access_tokens_is_taken(issuer: FakeIssuer, kind: str | None) -> None:
    headers = {"kid": "RS256", "typ": kind}
    token = jwt.encode(issuer.claims(), PRIVATE["RS256"], "RS256", headers=headers)
    async with guarded(issuer) as served:
        assert (await knock(served, token)).status_code == 200


@pytest.mark.parametrize("bound", [{"jkt": "thumbprint"}, {"x5t#S256": "certificate"}, {}, "odd"])
async def test_a_token_that_is_bound_to_a_key_of_its_holder_is_refused(
    issuer: FakeIssuer, bound: object
) -> None:
    async with guarded(issuer) as served:
        refused = await knock(served, issuer.token(cnf=bound))
    assert refused.status_code == 401
    assert "bound to a key" in refused.text


@pytest.mark.parametrize("said", [{"use": "enc"}, {"use": "sig", "key_ops": ["sign"]}, {"use": 7}])
async def test_a_key_that_is_published_for_something_else_verifies_nothing(
    issuer: FakeIssuer, said: dict[str, Any]
) -> None:
    issuer.keys = [public_jwk("RS256") | said, public_jwk("ES256") | {"key_ops": ["verify"]}]
    async with guarded(issuer) as served:
        assert (await knock(served, issuer.token("RS256"))).status_code == 401
        assert (await knock(served, issuer.token("ES256"))).status_code == 200


class TestWithClerkAsTheIssuer:
    """Clerk's access tokens name no audience and none of our scopes, and any user of the app can get one."""

    flags = {"oauth_audience": None, "oauth_client": "client_1", "oauth_user": "user_ada=read+write"}

    async def test_a_listed_user_gets_the_listed_scopes(self, issuer: FakeIssuer) -> None:
        token = issuer.token(aud=None, scope="profile email")
        async with guarded(issuer, **self.flags) as served:
            assert (await knock(served, token)).status_code == 200
            removed = await served.call(
                "Users_deleteUserById", {"user_id": "user_1"}, authorization=f"Bearer {token}"
            )
        # No other token would have more: the operator has said what the user may do.
        assert removed.json()["result"]["structuredContent"]["error"]["code"] == "insufficient_scope"

    async def test_the_tokens_own_scopes_do_not_count(self, issuer: FakeIssuer) -> None:
        token = issuer.token(aud=None, scope="clerk:destroy")
        async with guarded(issuer, **self.flags) as served:
            removed = await served.call(
                "Users_deleteUserById", {"user_id": "user_1"}, authorization=f"Bearer {token}"
            )
        # No other token would have more: the operator has said what the user may do.
        assert removed.json()["result"]["structuredContent"]["error"]["code"] == "insufficient_scope"

    async def test_other_users_of_the_app_stay_outside(self, issuer: FakeIssuer) -> None:
        async with guarded(issuer, **self.flags) as served:
            response = await knock(served, issuer.token(aud=None, sub="user_eve", scope="clerk:read"))
        assert response.status_code == 403

    @pytest.mark.parametrize("client", ["client_2", None, ["client_1"]])
    async def test_tokens_of_other_clients_and_session_tokens_do_not_count(
        self, issuer: FakeIssuer, client: object
    ) -> None:
        async with guarded(issuer, **self.flags) as served:
            response = await knock(served, issuer.token(aud=None, client_id=client))
        assert response.status_code == 401


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class TestKeys:
    """Fetching them: rarely, and in time."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    async def tokens(self, issuer: FakeIssuer, clock: Clock) -> AsyncIterator[OAuthTokens]:
        verifier = OAuthTokens(Issuer(issuer.url, audiences=frozenset({AUDIENCE})), now=clock)
        yield verifier
        await verifier.close()

    async def test_they_are_fetched_once(self, issuer: FakeIssuer, tokens: OAuthTokens) -> None:
        for algorithm in (*PRIVATE, *PRIVATE):
            await tokens.verify(issuer.token(algorithm))
        assert issuer.fetches == 1

    async def test_an_unknown_key_id_has_them_fetched_again_but_not_at_once(
        self, issuer: FakeIssuer, tokens: OAuthTokens, clock: Clock
    ) -> None:
        await tokens.verify(issuer.token())
        issuer.keys.append(public_jwk("RS256", "rotated"))
        rotated = issuer.token(kid="rotated")
        for _ in range(3):
            # Time goes on, as it does: whoever makes up key ids cannot have the issuer asked each time.
            clock.time += 1
            with pytest.raises(Rejected):
                await tokens.verify(rotated)
        assert issuer.fetches == 1
        clock.time += REFETCH_FLOOR_S
        await tokens.verify(rotated)
        assert issuer.fetches == 2

    async def test_a_withdrawn_key_dies_within_an_hour(
        self, issuer: FakeIssuer, tokens: OAuthTokens, clock: Clock
    ) -> None:
        await tokens.verify(issuer.token())
        issuer.keys = [public_jwk("ES256")]
        clock.time += KEYS_LIVE_S
        with pytest.raises(Rejected, match="does not publish"):
            await tokens.verify(issuer.token())

    async def test_a_fetch_that_fails_does_not_give_a_withdrawn_key_another_hour(
        self, issuer: FakeIssuer, tokens: OAuthTokens, clock: Clock
    ) -> None:
        await tokens.verify(issuer.token())
        withdrawn, issuer.keys = issuer.keys, [{"kty": "broken"}]
        clock.time += KEYS_LIVE_S
        await tokens.verify(issuer.token())
        issuer.keys = [key for key in withdrawn if key["kid"] != "RS256"]
        clock.time += REFETCH_FLOOR_S
        with pytest.raises(Rejected, match="does not publish"):
            await tokens.verify(issuer.token())

    async def test_a_symmetric_key_among_them_is_never_used(
        self, issuer: FakeIssuer, tokens: OAuthTokens
    ) -> None:
        secret = "a secret that the issuer should never have published"
        encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
        issuer.keys = [public_jwk("ES256"), {"kty": "oct", "k": encoded, "kid": "oct", "alg": "HS256"}]
        with pytest.raises(Rejected, match="must be signed with one of"):
            await tokens.verify(jwt.encode(issuer.claims(), secret, "HS256", headers={"kid": "oct"}))

    async def test_without_a_reachable_issuer_the_answer_is_503_not_401(self) -> None:
        verifier = OAuthTokens(Issuer("http://127.0.0.1:9", audiences=frozenset({AUDIENCE})))
        with pytest.raises(Rejected) as refused:
            await verifier.verify(FakeIssuer("http://127.0.0.1:9").token())
        assert refused.value.status == 503
        await verifier.close()

    async def test_metadata_of_another_issuer_is_not_believed(self, issuer: FakeIssuer) -> None:
        impostor = issuer.url.replace("127.0.0.1", "localhost")
        verifier = OAuthTokens(Issuer(impostor, audiences=frozenset({AUDIENCE})))
        with pytest.raises(Rejected) as refused:
            await verifier.verify(issuer.token(iss=impostor))
        assert refused.value.status == 503
        await verifier.close()
