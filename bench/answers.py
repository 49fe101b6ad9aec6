"""What a model pays for answers: Clerk's raw bytes beside ours, for every reading operation on the demo data.

    python -m bench.answers

One valid call of each, as the tests make them, by the defaults of a local server: credentials go to files.
What answers a page of text is left out. Tokens are o200k; needs `bpe-openai` (see `tokens`).
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from bench.tokens import size, tokens
from mcp import Client

from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from clerk_sandbox.examples import example_calls, filled_in
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Envelope
from tests.calling import call
from tests.sandbox.clerk import Clerk

LIMIT = 0.35
TOKEN = "Sessions_createSessionTokenFromTemplate"


def only_file_in(directory: Path) -> Any:
    (file,) = directory.iterdir()
    return json.loads(file.read_text())


async def main() -> None:
    calls = example_calls()
    clerk = Clerk(Sandbox())
    raw_bytes = our_bytes = raw_tokens = our_tokens = 0
    print(f"{'operation':54}{'Clerk':>7}{'ours':>7}{'':6}{'Clerk':>7}{'ours':>7}")
    with TemporaryDirectory(prefix="secrets-") as directory:
        settings = load({"sandbox": True, "secrets_dir": directory})
        async with Client(make_server(settings)) as client:
            # Each side checks a token that it issued itself.
            their_token = (await clerk.call(TOKEN, **calls[TOKEN]))["jwt"]
            await call(client, TOKEN, **calls[TOKEN])
            our_token = only_file_in(Path(directory))["jwt"]
            for spec in (operation.spec for operation in operations().values()):
                if spec.effect is not Effect.READ or spec.envelope is Envelope.TEXT:
                    continue
                raw = await clerk.call(spec.id, **filled_in(calls[spec.id], their_token))
                ours = await call(client, spec.id, **filled_in(calls[spec.id], our_token))
                raw_bytes, our_bytes = raw_bytes + size(raw), our_bytes + size(ours)
                raw_tokens, our_tokens = raw_tokens + tokens(raw), our_tokens + tokens(ours)
                print(
                    f"{spec.id:54}{size(raw):7}{size(ours):7}{size(ours) / size(raw):6.0%}"
                    f"{tokens(raw):7}{tokens(ours):7}"
                )
    print(
        f"{'total':54}{raw_bytes:7}{our_bytes:7}{our_bytes / raw_bytes:6.1%}{raw_tokens:7}{our_tokens:7}"
        f"{our_tokens / raw_tokens:6.1%}   limit {LIMIT:.0%} of the bytes"
    )


if __name__ == "__main__":
    anyio.run(main)
