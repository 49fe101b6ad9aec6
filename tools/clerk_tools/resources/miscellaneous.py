"""What belongs to no other resource."""

from __future__ import annotations

from clerk_tools.argument import Query, arg
from clerk_tools.operation import Operation
from clerk_tools.spec import Example


class GetInterstitialMarkup(
    Operation,
    id="Miscellaneous_getInterstitialMarkup",
    get="/public/interstitial",
    text=True,
    public=True,
    words="interstitial page, interstitial, page shown while a session syncs",
    example=Example({"frontendApi": "clerk.fernhill.example"}),
):
    """The HTML page that Clerk's older SDKs show while a session is being synced. For debugging only."""

    frontendApi: Query[str] = arg(  # noqa: N815 - the name is the API's
        "Older name of frontend_api", optional=True, deprecated=True
    )
    frontend_api: Query[str] = arg(optional=True)
    publishable_key: Query[str] = arg(optional=True)
    proxy_url: Query[str] = arg(optional=True)
    domain: Query[str] = arg(optional=True)
    sign_in_url: Query[str] = arg(optional=True)
    use_domain_for_script: Query[bool] = arg(optional=True)
