"""OAuth applications: others that sign in with this instance."""

from __future__ import annotations

from typing import Final

from clerk_tools.argument import Body, File, Path, Query, arg, cuts_off, moves, replaces
from clerk_tools.hits import Hit, Look, inside, thing
from clerk_tools.ids import OAuthApplicationId, UserId
from clerk_tools.operation import Operation, Paged
from clerk_tools.spec import Advice, Demo, Example

SYNONYMS: Final = {
    "OAuth application": "OAuth app, OAuth client, OAuth integration, OIDC client, relying party, "
    "connected app",
}
"""What people say instead of a term; for the search."""


class ListOAuthApplications(
    Paged,
    id="OAuthApplications_listSortedByDescendingCreationDate",
    get="/oauth_applications",
    pages="oauth_application",
    compared_by="name",
    words="list OAuth clients, which OAuth applications, third-party apps, apps that use our login, "
    "which apps use us as identity provider",
    example=Example(),
):
    """OAuth applications that sign in with this instance, oldest first."""

    name_query: Query[str] = arg("Part of a name, or an exact client id", optional=True)
    order_by: Query[str] = arg("created_at or name; - descends", default="+created_at")


class CreateOAuthApplication(
    Operation,
    id="OAuthApplications_createNewApplication",
    post="/oauth_applications",
    returns="oauth_application",
    secret=("client_secret",),
    mints=True,
    words="register an OAuth application, be an identity provider for another service, new OAuth "
    "client, sign in with our app, let another app use our login, use us as identity provider, "
    "register a third-party app, OpenID provider",
    example=Example({"name": "Fernhill Labels", "callback_url": "https://labels.fernhill.example/callback"}),
):
    """Create an OAuth application. The answer alone has its client secret."""

    name: Body[str] = arg()
    callback_url: Body[str] = arg("Or redirect_uris", optional=True)
    scopes: Body[str] = arg(
        "Separated by blanks: profile, email, public_metadata, private_metadata", default="profile email"
    )
    public: Body[bool] = arg("A client without a secret: code flow with PKCE", optional=True)
    redirect_uris: Body[list[str]] = arg(optional=True, nullable=True)
    consent_screen_enabled: Body[bool] = arg(default=True, nullable=True)
    pkce_required: Body[bool] = arg(default=False, nullable=True)


class GetOAuthApplication(
    Operation,
    id="OAuthApplications_getById",
    get="/oauth_applications/{oauth_application_id}",
    returns="oauth_application",
    words="show an OAuth client, details of an OAuth application, client id, endpoints of an OAuth "
    "application, redirect URIs of an OAuth client, scopes of one OAuth client",
    example=Example({"oauth_application_id": Demo("an OAuth application")}),
):
    """One OAuth application, without its secret."""

    oauth_application_id: Path[OAuthApplicationId] = arg()


class UpdateOAuthApplication(
    Operation,
    id="OAuthApplications_updateApplication",
    patch="/oauth_applications/{oauth_application_id}",
    returns="oauth_application",
    words="callback URL, OAuth scopes, change the redirect URI of an OAuth client, scopes of an OAuth "
    "application, consent screen, require PKCE, rename an OAuth client",
    example=Example({"oauth_application_id": Demo("an OAuth application"), "name": "Reports"}),
):
    """Change an OAuth application."""

    oauth_application_id: Path[OAuthApplicationId] = arg()
    name: Body[str] = arg(optional=True)
    callback_url: Body[str] = arg(
        optional=True, risk=moves("sign-ins that return to its present callback URL fail")
    )
    scopes: Body[str] = arg(
        default="profile email", risk=replaces("its clients are refused the scopes that are not given")
    )
    redirect_uris: Body[list[str]] = arg(
        "Replaces them",
        optional=True,
        nullable=True,
        risk=moves("sign-ins that return to a URL that is left out fail"),
    )
    consent_screen_enabled: Body[bool] = arg(optional=True, nullable=True)
    pkce_required: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(True, "clients that send no proof key are refused")
    )
    public: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(True, "its client secret no longer counts")
    )


async def _application(id: str, look: Look) -> str:
    found = await look.at(GetOAuthApplication(oauth_application_id=id), is_target=True)
    return thing("OAuth application", inside(found, "name"), inside(found, "callback_url"))


class DeleteOAuthApplication(
    Operation,
    id="OAuthApplications_deleteById",
    delete="/oauth_applications/{oauth_application_id}",
    returns="deleted",
    words="delete an OAuth client, remove a third-party app, stop being an identity provider for an app",
    example=Example({"oauth_application_id": Demo("an OAuth application")}, late=True),
):
    """Delete an OAuth application; sign-ins through it stop."""

    oauth_application_id: Path[OAuthApplicationId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of(await _application(self.oauth_application_id, look), "sign-ins through it stop")


class RotateOAuthSecret(
    Operation,
    id="OAuthApplications_rotateSecret",
    post="/oauth_applications/{oauth_application_id}/rotate_secret",
    returns="oauth_application",
    effect="destroy",
    secret=("client_secret",),
    mints=True,
    no_undo="The old client secret is gone, and the new one is in force.",
    advice=Advice(if_executed="If it was, nobody knows the new secret: call again to have one."),
    words="API secret, client secret, new secret, leaked secret, rotate a client secret, client secret "
    "was leaked, new secret for an OAuth client, change the secret of an OAuth application",
    example=Example({"oauth_application_id": Demo("an OAuth application")}),
):
    """Give an OAuth application a new client secret; the answer alone has it. The old
    one stops working at once."""

    oauth_application_id: Path[OAuthApplicationId] = arg()

    async def hit(self, look: Look) -> Hit:
        application = await _application(self.oauth_application_id, look)
        return Hit.of(application, "its present client secret stops working at once")


class UploadOAuthLogo(
    Operation,
    id="UploadOAuthApplicationLogo",
    version="2021-02-05",
    put="/oauth_applications/{oauth_application_id}/logo",
    returns="oauth_application",
    words="logo of an OAuth application, image on the consent screen, icon of an OAuth client, picture "
    "of a third-party app, logo on the consent page, set the image of an OAuth client",
    example=Example({"oauth_application_id": Demo("an OAuth application"), "file": Demo("an image")}),
):
    """Set the logo of an OAuth application."""

    oauth_application_id: Path[OAuthApplicationId] = arg()
    file: File[str] = arg(
        "Image as base64 or data URI, at most 10 MB",
        risk=replaces("loses the present logo"),
        shown_as="client_image_url",
    )
    uploader_user_id: Body[UserId] = arg(optional=True)

    def state(self) -> Operation:
        return GetOAuthApplication(oauth_application_id=self.oauth_application_id)


class RevokeOAuthToken(
    Operation,
    id="RevokeOAuthApplicationToken",
    version="2021-02-05",
    post="/oauth_applications/{oauth_application_id}/revoke_token",
    effect="destroy",
    private=("token",),
    no_undo="Both tokens of the grant are dead; the user has to consent again.",
    words="revoke an OAuth token, leaked access token, end an OAuth grant, revoke a refresh token, cut "
    "a third-party app off, invalidate an OAuth access token, withdraw consent of an OAuth "
    "application",
    example=Example({"oauth_application_id": Demo("an OAuth application"), "token": Demo("an OAuth token")}),
):
    """Revoke an access or refresh token that an OAuth application has, with all of its grant. A JWT cannot
    be revoked."""

    oauth_application_id: Path[OAuthApplicationId] = arg()
    token: Body[str] = arg()

    async def hit(self, look: Look) -> Hit:
        application = await _application(self.oauth_application_id, look)
        return Hit.of(application, "the grant's access and refresh token stop working")
