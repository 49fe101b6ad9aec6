"""FastMCP's `from_openapi` on the same document; runs in the peers' environment, without this project.

python fastmcp_peer.py UPSTREAM OPENAPI.json [--port PORT]
"""

import argparse
import json
from pathlib import Path

import httpx2
from fastmcp import FastMCP


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("upstream")
    parser.add_argument("document", type=Path)
    parser.add_argument("--port", type=int)
    given = parser.parse_args()
    client = httpx2.AsyncClient(base_url=given.upstream, headers={"Authorization": "Bearer sk_test_bench"})
    server = FastMCP.from_openapi(json.loads(given.document.read_bytes()), client)
    if given.port:
        import uvicorn

        app = server.http_app(stateless_http=True, json_response=True)
        uvicorn.run(app, port=given.port, log_level="warning", access_log=False)
    else:
        server.run(show_banner=False)


if __name__ == "__main__":
    main()
