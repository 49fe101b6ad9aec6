"""Redirect URLs: where signing in to a native application may come back to."""

from __future__ import annotations

from clerk_sandbox import errors, formats
from clerk_sandbox.collection import Collection
from clerk_sandbox.routing import Call
from clerk_sandbox.state import Instance, Json

URLS = Collection("redirect_url", prefix="ru", called="redirect URL", fields={"url": ""})


def add_redirect_url(instance: Instance, url: str) -> Json:
    return URLS.new(instance, url=url)


def _check(instance: Instance, record: Json, call: Call) -> None:
    url = call.required("url")
    if not formats.is_url(url):
        raise errors.form_param_format_invalid("url", "an absolute URL: https://… or my-app://…")
    if any(known["url"] == url for known in instance.redirect_urls):
        raise errors.duplicate_record("url")


URLS.lists("RedirectUrLs_listAll")
URLS.creates("RedirectUrLs_createNewUrl", check=_check)
URLS.gets("RedirectUrLs_getById")
URLS.deletes("RedirectUrLs_removeById")
