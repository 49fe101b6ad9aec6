"""The sandbox inside an httpx2 client: no port, no server.

    client = httpx2.AsyncClient(transport=SandboxTransport(sandbox), base_url="https://api.clerk.com/v1")

The key that such a client has to send is `sandbox.key`.
"""

import httpx2

from clerk_sandbox.exchange import ConnectionReset, exchange
from clerk_sandbox.sandbox import Sandbox


class SandboxTransport(httpx2.AsyncBaseTransport):
    """Hands every request to `sandbox`, whatever its host.

    A broken connection is raised as httpx2 would meet it: `ConnectError` where the request took no effect,
    `ReadError` where it did but the answer is lost.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        body = await request.aread()
        try:
            answer = await exchange(
                self.sandbox, request.method, path, query, lower_names(request.headers), body
            )
        except ConnectionReset as reset:
            kind = httpx2.ReadError if reset.executed else httpx2.ConnectError
            raise kind(str(reset), request=request) from None
        return httpx2.Response(answer.status, headers=answer.headers, content=answer.body, request=request)


def lower_names(headers: httpx2.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
