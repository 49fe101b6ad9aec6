"""Redirect URLs that native apps may use."""

from __future__ import annotations

from clerk_tools.argument import Body, Path, arg
from clerk_tools.hits import Hit, Look, inside, thing
from clerk_tools.ids import RedirectUrlId
from clerk_tools.operation import Operation, PagedOnRequest
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

VIEWS = {"redirect_url": View(("id", "url"))}


class ListRedirectUrls(
    PagedOnRequest,
    id="RedirectUrLs_listAll",
    get="/redirect_urls",
    lists="redirect_url",
    compared_by="url",
    words="allowed redirect URLs, list redirect URLs, where may apps return to, deep links, which "
    "callbacks are allowed, callback URLs of mobile apps",
    example=Example(),
):
    """The redirect URLs that native apps may be sent back to."""


class CreateRedirectUrl(
    Operation,
    id="RedirectUrLs_createNewUrl",
    post="/redirect_urls",
    returns="redirect_url",
    words="allow a redirect URL, mobile app callback, allow a URL, add a redirect URL, deep link of a "
    "mobile app, native app returns after sign-in, permit a callback, whitelist a redirect",
    example=Example({"url": "fernhill-labels://oauth-callback"}),
):
    """Allow a redirect URL."""

    url: Body[str] = arg("Needed: https:// or an app's own scheme", optional=True)


class GetRedirectUrl(
    Operation,
    id="RedirectUrLs_getById",
    get="/redirect_urls/{id}",
    returns="redirect_url",
    words="show a redirect URL",
    example=Example({"id": Demo("a redirect URL")}),
):
    """One redirect URL."""

    id: Path[RedirectUrlId] = arg()


class DeleteRedirectUrl(
    Operation,
    id="RedirectUrLs_removeById",
    delete="/redirect_urls/{id}",
    returns="deleted",
    words="delete a redirect URL, forbid a callback, remove a deep link, no longer allow a callback",
    example=Example({"id": Demo("a redirect URL")}),
):
    """Disallow a redirect URL; apps that use it can no longer sign in."""

    id: Path[RedirectUrlId] = arg()

    async def hit(self, look: Look) -> Hit:
        found = await look.at(GetRedirectUrl(id=self.id), is_target=True)
        return Hit.of(thing("redirect URL", inside(found, "url")), "apps that use it can no longer sign in")
