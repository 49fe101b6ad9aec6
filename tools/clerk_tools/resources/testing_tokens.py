"""Tokens with which end-to-end tests get past bot detection."""

from __future__ import annotations

from clerk_tools.operation import Operation
from clerk_tools.spec import ANOTHER_DOES_NO_HARM, Advice, Example
from clerk_tools.view import View

VIEWS = {"testing_token": View((), times=("expires_at",))}


class CreateTestingToken(
    Operation,
    id="CreateTestingToken",
    version="2021-02-05",
    post="/testing_tokens",
    returns="testing_token",
    secret=("token",),
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    mints=True,
    words="testing token, e2e tests, playwright, cypress, get past captcha in tests, automated tests, "
    "end-to-end tests, bypass bot detection in tests, tests are stopped by bot detection, CI "
    "tests",
    example=Example(),
):
    """Make a token that lets automated tests past bot detection for a while. For development instances."""
