"""Redirect URLs: where signing in to a native application may come back to."""

from __future__ import annotations

from clerk_sandbox import errors, formats
from clerk_sandbox.answers import deleted, found, whole_list
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json


def add_redirect_url(instance: Instance, url: str) -> Json:
    now = instance.clock()
    return instance.redirect_urls.add(
        {
            "object": "redirect_url",
            "id": instance.new_id("ru"),
            "url": url,
            "created_at": now,
            "updated_at": now,
        }
    )


@operation("RedirectUrLs_listAll")
def list_redirect_urls(instance: Instance, call: Call) -> list[Json] | Json:
    return whole_list(call, instance.redirect_urls)


@operation("RedirectUrLs_createNewUrl")
def create_redirect_url(instance: Instance, call: Call) -> Json:
    url = call.required("url")
    if not formats.is_url(url):
        raise errors.form_param_format_invalid("url", "an absolute URL: https://… or my-app://…")
    if any(known["url"] == url for known in instance.redirect_urls):
        raise errors.duplicate_record("url")
    return add_redirect_url(instance, url)


@operation("RedirectUrLs_getById")
def get_redirect_url(instance: Instance, call: Call) -> Json:
    return found(instance.redirect_urls, "redirect URL", call.path["id"])


@operation("RedirectUrLs_removeById")
def delete_redirect_url(instance: Instance, call: Call) -> Json:
    return deleted(instance.redirect_urls.remove(get_redirect_url(instance, call)["id"]))
