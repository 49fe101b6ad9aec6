"""A person at a browser, and an agent's way to the same pages, without a browser's window."""

from __future__ import annotations

import re
from html import unescape
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx2


class Browser:
    """Keeps cookies, follows links and sends forms as browsers do."""

    def __init__(self, token: str = "") -> None:
        """`token` is what is typed where a page asks to sign in."""
        self._token = token
        # All of it is plain HTTP: without this each browser would read the system's certificates first.
        self.http = httpx2.AsyncClient(follow_redirects=True, timeout=30, verify=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def open(self, url: str) -> httpx2.Response:
        """Open a page, signing in first where it wants that."""
        page = await self.http.get(url, headers={"sec-fetch-site": "none"})
        if page.url.path.endswith("/signin") and self._token:
            page = await self.send(page, {"token": self._token})
        return page

    async def send(self, page: httpx2.Response, typed: dict[str, str]) -> httpx2.Response:
        """Send the form of a page, with what it holds and what is typed into it."""
        url = urlsplit(str(page.url))
        action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
        origin = f"{url.scheme}://{url.netloc}"
        address = f"{origin}{unescape(action[1])}" if action else str(page.url)
        headers = {"origin": origin, "sec-fetch-site": "same-origin"}
        return await self.http.post(address, data=fields(page) | typed, headers=headers)

    async def answer(self, url: str, answer: str) -> httpx2.Response:
        """Open the page of a question and answer it, typing what it wants typed."""
        page = await self.open(url)
        wanted = re.search(r"To agree, type [^<]*<b>([^<]*)</b>", page.text)
        typed = {"typed": unescape(wanted[1])} if wanted else {}
        return await self.send(page, {"answer": answer, **typed})


def fields(page: httpx2.Response) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}
