"""A client that takes operations by their ids, over the very httpx2 client that the server uses."""

from __future__ import annotations

import base64
from typing import Any

import httpx2

from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from clerk_tools.catalog import operations
from tests.contract.shapes import problems


class Clerk:
    """Calls a sandbox over HTTP; every answer, success or error, has to have the documented shape."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx2.AsyncClient(
            transport=SandboxTransport(sandbox),
            base_url="https://api.clerk.com/v1",
            headers={"Authorization": f"Bearer {sandbox.key}"},
        )

    async def send(self, operation_id: str, **arguments: Any) -> httpx2.Response:
        """Send a call as it stands: arguments are put in their places, but not validated."""
        request = operations()[operation_id].model_construct(**arguments).to_request()
        content: dict[str, Any] = {"headers": {"Clerk-API-Version": request.spec.version}}
        if request.has_body:
            content["json"] = request.json
        if request.files:
            content["data"] = request.form
            content["files"] = {
                name: ("image", base64.b64decode(data)) for name, data in request.files.items()
            }
        response = await self.http.request(request.spec.method, request.path.lstrip("/"), **content)
        assert problems(operation_id, response.status_code, value_of(response)) == []
        return response

    async def call(self, operation_id: str, **arguments: Any) -> Any:
        """What a call answers that must succeed."""
        response = await self.send(operation_id, **arguments)
        assert response.is_success, f"{operation_id}: {response.text}"
        return value_of(response)

    async def error(self, operation_id: str, **arguments: Any) -> tuple[int, str, str | None]:
        """Status, code and parameter of a call that must be refused."""
        response = await self.send(operation_id, **arguments)
        assert response.is_error, f"{operation_id} succeeded: {response.text}"
        (error,) = response.json()["errors"]
        return response.status_code, error["code"], error["meta"].get("param_name")


def value_of(response: httpx2.Response) -> Any:
    """The JSON value, the text of a page, or None where there is no body."""
    if response.headers.get("content-type", "").startswith("text/"):
        return response.text
    return response.json() if response.content else None
