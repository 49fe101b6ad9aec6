"""The interstitial: a page that loads clerk-js, which then finds out who is signed in."""

from html import escape

from clerk_sandbox.routing import Answer, Call, operation
from clerk_sandbox.state import Instance


@operation("Miscellaneous_getInterstitialMarkup")
def get_interstitial(instance: Instance, call: Call) -> Answer:
    given = call.query.one("frontend_api") or call.query.one("frontendApi")
    if call.query.flag("use_domain_for_script"):
        given = call.query.one("domain") or given
    frontend_api = escape(given or "clerk.sandbox.example", quote=True)
    told = "".join(
        f' data-clerk-{name.replace("_", "-")}="{escape(value, quote=True)}"'
        for name in ("proxy_url", "domain", "sign_in_url")
        if (value := call.query.one(name))
    )
    key = escape(call.query.one("publishable_key") or "", quote=True)
    page = (
        "<!DOCTYPE html><html><head><title>Signing in</title></head><body>"
        f'<script async data-clerk-publishable-key="{key}"{told} '
        f'src="https://{frontend_api}/npm/@clerk/clerk-js@latest/dist/clerk.browser.js"></script></body></html>'
    )
    return Answer(text=page, content_type="text/html; charset=utf-8")
