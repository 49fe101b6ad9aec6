"""Webhooks, which Svix delivers."""

from __future__ import annotations

from typing import Final

from clerk_tools.hits import Hit, Look
from clerk_tools.operation import Operation
from clerk_tools.spec import Advice, Example

SYNONYMS: Final = {
    "webhook": "hook, event, svix, event subscription, notification",
}
"""What people say instead of a term; for the search."""


class CreateSvixApp(
    Operation,
    id="Webhooks_createSvixApp",
    post="/webhooks/svix",
    returns="svix_url",
    secret=("svix_url",),
    mints=True,
    advice=Advice(if_executed="Call again: if it was, the answer is svix_app_exists."),
    words="set up webhooks, be notified about events, enable webhooks, start webhooks, use webhooks, "
    "get events, be told when a user signs up, configure webhooks",
    example=Example(late=True),
):
    """Set up webhooks: creates the instance's Svix app and answers its dashboard URL."""


class DeleteSvixApp(
    Operation,
    id="Webhooks_deleteSvixApp",
    grave=True,
    delete="/webhooks/svix",
    advice=Advice(if_executed="Call again: if it was, the answer is svix_app_missing."),
    words="turn off webhooks, stop webhooks, delete webhooks, no more events, remove svix",
    example=Example(),
):
    """Delete the Svix app: all webhooks stop, and their endpoints are lost."""

    async def hit(self, look: Look) -> Hit:
        return Hit.of("the instance's webhooks", "all webhooks stop and their endpoints are lost")


class CreateSvixDashboardUrl(
    Operation,
    id="Webhooks_generateSvixDashboardUrl",
    post="/webhooks/svix_url",
    returns="svix_url",
    secret=("svix_url",),
    mints=True,
    words="webhook dashboard, manage webhooks, failed webhooks, webhook log, svix link, open svix, see "
    "webhook deliveries, where are webhooks managed, why did a webhook fail, add a webhook "
    "endpoint, signing secret of a webhook, subscribe to events, replay a webhook",
    example=Example(),
):
    """A signed-in link to the Svix dashboard, where webhooks are managed."""
