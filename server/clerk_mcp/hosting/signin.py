"""Signing in to this server's own pages: a token is typed once, and a sealed cookie stands for it after that.

The cookie holds the token, encrypted, and nothing is kept here: any replica with the same state key reads it,
and since the token is verified at every request, one that was revoked ends the sign-in at once.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route

from clerk_mcp.hosting.auth import Rejected, Verifier
from clerk_mcp.hosting.html import Html, bare, go_to, join, respond, tag
from clerk_mcp.hosting.issuer_signin import LASTS_S as ISSUER_LASTS_S
from clerk_mcp.hosting.issuer_signin import IssuerSignIn
from clerk_mcp.offering import PEOPLES_SCOPES
from clerk_mcp.protocol import IDENTITY

PATHS: Final = ("/signin", "/signout", "/signin/issuer", "/signin/callback")
FOR_ANYBODY: Final = "/credentials/"
"""How the paths begin of pages for which a host's own token is good."""
COOKIE: Final = "clerk_mcp_signin"
_FLOW_COOKIE: Final = "clerk_mcp_flow"
"""Holds what a sign-in with the issuer began with."""
LASTS_S: Final = 8 * 3600
"""How long a browser stays signed in; then the token is asked for again."""
_LONGEST_TOKEN: Final = 3000
"""Characters. Sealed, a longer one would not fit into the 4096 bytes that browsers keep of a cookie."""


class SignIn:
    """The pages `/signin` and `/signout`, and the cookie between them."""

    def __init__(
        self,
        verifier: Verifier,
        *,
        state_key: str | None = None,
        public_url: str | None = None,
        clock: Callable[[], float] = time.time,
        issuer: Callable[[AESGCMRequestStateCodec], IssuerSignIn] | None = None,
        with_oauth: bool = False,
    ) -> None:
        """
        Args:
            state_key: what replicas share; without it a sign-in holds at this process only.
            public_url: where browsers reach this server, if not by the address that it listens on.
            issuer: makes the way by the OAuth issuer, where people can take that.
            with_oauth: whether tokens are an issuer's, and not made here.
        """
        self._verifier = verifier
        self._help = _OF_ISSUER if with_oauth else _MADE_HERE
        self._public_url = public_url
        self._clock = clock
        # A key of its own: nothing that is sealed for another purpose can be taken for a sign-in.
        key = hmac.digest((state_key or secrets.token_hex(32)).encode(), b"clerk-mcp sign-in", "sha256")
        self._codec = AESGCMRequestStateCodec([key])
        flow_key = hmac.digest(key, b"sign-ins under way", "sha256")
        self._issuer = issuer(AESGCMRequestStateCodec([flow_key])) if issuer else None
        self._mark_key = hmac.digest(key, b"marks of forms", "sha256")

    def routes(self) -> Sequence[Route]:
        """Return the routes of both pages."""
        return [
            Route("/signin", self._ask, methods=["GET"]),
            Route("/signin", self._sign_in, methods=["POST"]),
            Route("/signout", self._sign_out, methods=["POST"]),
            *([Route("/signin/issuer", self._begin, methods=["GET"])] if self._issuer else []),
            *([Route("/signin/callback", self._finish, methods=["GET"])] if self._issuer else []),
        ]

    async def who(self, conn: HTTPConnection) -> AccessToken | None:
        """Tell who a browser is signed in as; None where it is not, or its token no longer holds.

        Raises:
            Rejected: nobody's token can be verified just now.
        """
        sealed = conn.cookies.get(COOKIE)
        token = self._unsealed(sealed) if sealed else None
        if token is None:
            return None
        try:
            return await self._verifier.verify(token)
        except Rejected as rejected:
            if rejected.status == 503:
                raise
            return None

    def mark(self, request: Request, about: str) -> str:
        """Make a value for a form, which only pages that are shown to this very sign-in have.

        Args:
            about: what the form is for; its value is good for nothing else.
        """
        text = f"{request.cookies.get(COOKIE, '')} {about}"
        return hmac.digest(self._mark_key, text.encode(), "sha256").hex()

    async def _ask(self, request: Request) -> Response:
        return respond(self._form(request, request.query_params.get("next", "")))

    async def _sign_in(self, request: Request) -> Response:
        if not is_own_post(request, self._public_url):
            return refuse_post(request)
        form = await read_form(request)
        token, after = form.get("token", "").strip(), form.get("next", "")
        problem = await self._problem(token, after)
        if problem:
            return respond(self._form(request, after, problem), 401)
        return self._signed_in(request, go_to(_within(request, after)), token)

    def _signed_in(self, request: Request, response: Response, token: str) -> Response:
        sealed = self._codec.seal(json.dumps([token, self._clock() + LASTS_S]).encode())
        self._set_cookie(request, response, sealed, LASTS_S)
        return response

    async def _begin(self, request: Request) -> Response:
        """Send a browser to the issuer."""
        if self._issuer is None:
            return respond(self._form(request, ""), 404)
        after = request.query_params.get("next", "")
        try:
            address, flow = await self._issuer.begin(after)
        except Rejected as rejected:
            return respond(self._form(request, after, f"Not signed in: {rejected.reason}."), rejected.status)
        response = go_to(address)
        self._set_flow(request, response, flow, ISSUER_LASTS_S)
        return response

    async def _finish(self, request: Request) -> Response:
        """Let in whoever comes back from the issuer."""
        if self._issuer is None:
            return respond(self._form(request, ""), 404)
        after = ""
        try:
            token, after = await self._issuer.finish(
                request.query_params, request.cookies.get(_FLOW_COOKIE, "")
            )
            problem = await self._problem(token, after)
        except Rejected as rejected:
            problem = f"Not signed in: {rejected.reason}."
        if problem:
            return respond(self._form(request, after, problem), 401)
        # Browsers send the cookie only where the way to a page began on this server: so one more step.
        address = _within(request, after)
        onward = tag("meta", http_equiv="refresh", content=f"0; url={address}")
        told = tag("p", "You are signed in. ", tag("a", "Go on", href=address))
        response = respond(bare(request.scope["root_path"], "Signed in", onward, told))
        self._set_flow(request, response, "", 0)
        return self._signed_in(request, response, token)

    def _set_flow(self, request: Request, response: Response, value: str, lasts: int) -> None:
        response.set_cookie(
            _FLOW_COOKIE,
            value,
            max_age=lasts,
            path=f"{request.scope['root_path']}/signin",
            secure=(self._public_url or str(request.url)).startswith("https:"),
            httponly=True,
            # Sent where a browser comes back from the issuer, which is another site.
            samesite="lax",
        )

    async def _problem(self, token: str, after: str) -> str | None:
        """Tell why a token lets nobody in; to fetch a credential, that of whoever had it made will do."""
        if not token or len(token) > _LONGEST_TOKEN:
            return "Type your access token." if not token else "This is too long for an access token."
        try:
            found = await self._verifier.verify(token)
        except Rejected as rejected:
            return f"Not signed in: {rejected.reason}."
        if not after.startswith(FOR_ANYBODY) and not set(PEOPLES_SCOPES) & set(found.scopes):
            names = " or ".join(scope.removeprefix("clerk:") for scope in PEOPLES_SCOPES)
            return f"This token has neither the scope {names}: it is good for hosts, not for these pages."
        return None

    async def _sign_out(self, request: Request) -> Response:
        if not is_own_post(request, self._public_url):
            return refuse_post(request)
        response = go_to(f"{request.scope['root_path']}/signin")
        self._set_cookie(request, response, "", 0)
        return response

    def _set_cookie(self, request: Request, response: Response, value: str, lasts: int) -> None:
        response.set_cookie(
            COOKIE,
            value,
            max_age=lasts,
            path=request.scope["root_path"] or "/",
            secure=(self._public_url or str(request.url)).startswith("https:"),
            httponly=True,
            samesite="strict",
        )

    def _unsealed(self, sealed: str) -> str | None:
        try:
            token, until = json.loads(self._codec.unseal(sealed))
        except (InvalidRequestState, ValueError, TypeError):
            return None
        return token if isinstance(token, str) and until > self._clock() else None

    def _form(self, request: Request, after: str, problem: str | None = None) -> Html:
        root = request.scope["root_path"]
        by_issuer = f"{root}/signin/issuer?{urlencode({'next': after})}"
        return bare(
            root,
            "Sign in",
            tag("h1", "Sign in to clerk-mcp"),
            tag("p", problem, class_="problem", id="problem", role="alert") if problem else None,
            tag("p", tag("a", "Sign in with the issuer", href=by_issuer)) if self._issuer else None,
            tag(
                "form",
                # Managers of passwords keep a token under this name.
                tag("input", name="account", autocomplete="username", value="clerk-mcp", hidden=True),
                tag("label", "Access token", for_="token"),
                tag("input", id="token", name="token", type="password", autocomplete="current-password",
                    required=True, autofocus=True, aria_describedby="problem" if problem else "help"),
                tag("input", type="hidden", name="next", value=after),
                tag("button", "Sign in"),
                method="post", action=f"{root}/signin", class_="stack",
            ),
            tag("p", self._help, id="help", class_="quiet"),
        )  # fmt: skip


_MADE_HERE: Final = join(
    "Whoever runs this server makes a token that may look, or agree to what agents ask: ",
    tag("code", "clerk-mcp token new NAME --scope console+approve"),
)
_OF_ISSUER: Final = join(
    "It is an access token of the OAuth issuer with the scope ",
    tag("code", "clerk:console"),
    ", or of a user to whom ",
    tag("code", "--oauth-user"),
    " gives ",
    tag("code", "console"),
    ". To agree to what agents ask, it is ",
    tag("code", "clerk:approve"),
    ", or ",
    tag("code", "approve"),
    ".",
)


def may(request: HTTPConnection, scope: str) -> bool:
    """Tell whether whoever sent a request may do what a scope stands for."""
    scopes = request.scope[IDENTITY].scopes
    return scopes is None or scope in scopes


def is_known(request: HTTPConnection) -> bool:
    """Tell whether a request comes from somebody who proved who they are, or from where nobody has to."""
    return isinstance(request.scope.get("user"), AuthenticatedUser) or request.scope[IDENTITY].scopes is None


def ask_to_sign_in(request: Request) -> Response:
    """Send a browser to the form, and after that back to where it was."""
    query = f"?{request.url.query}" if request.url.query else ""
    after = urlencode({"next": f"{request.scope['path']}{query}"})
    return go_to(f"{request.scope['root_path']}/signin?{after}")


def is_own_post(request: Request, public_url: str | None) -> bool:
    """Tell whether a form was sent from a page of this very server: no other page can make a browser act.

    Browsers name the origin with every POST, and no page can change what they say.
    """
    origins, site = request.headers.getlist("origin"), request.headers.get("sec-fetch-site")
    if len(origins) != 1 or site not in (None, "same-origin"):
        return False
    origin = urlsplit(origins[0])
    public = urlsplit(public_url or "")
    if public_url and (origin.scheme, origin.netloc) == (public.scheme, public.netloc):
        return True
    # A proxy that ends TLS leaves the scheme in doubt; the host it hands on.
    return origin.scheme in ("http", "https") and origin.netloc == request.headers.get("host")


def refuse_post(request: Request) -> Response:
    """Answer a form that was sent from elsewhere."""
    words = "This was not sent from a page of this server, so nothing was done. Open the page and try again."
    return respond(bare(request.scope["root_path"], "Refused", tag("h1", "Refused"), tag("p", words)), 403)


async def read_form(request: Request) -> dict[str, str]:
    """Read what a form sent; of a name that is there twice, the last."""
    try:
        fields = parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}


def _within(request: Request, after: str) -> str:
    """Return the address to go on to, on this server whatever a link said."""
    # Browsers drop tabs and line breaks from an address, and take `/<tab>/host` for one of another host.
    leads_here = after.startswith("/") and not after.startswith("//") and "\\" not in after
    path = after if leads_here and after.isprintable() else "/"
    return f"{request.scope['root_path']}{path}"
