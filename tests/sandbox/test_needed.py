"""What Clerk needs although its document calls it optional stands in the description that a model reads."""

from __future__ import annotations

import pytest

from clerk_mcp.upstream import ClerkClient
from clerk_sandbox.examples import example_calls
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from clerk_tools.catalog import operations
from clerk_tools.operation import Operation
from clerk_tools.parsing import InvalidArguments, parse

pytestmark = pytest.mark.anyio

CALLS = {id: given for id, given in example_calls().items() if operations()[id].spec.effect != "read"}
SAYS_SO = ("Needed", "Or ", "Instead of")


async def _needs(operation: Operation, name: str) -> bool:
    sandbox = Sandbox()
    transport = SandboxTransport(sandbox)
    async with ClerkClient(sandbox.key, base_url="http://sandbox/v1", transport=transport) as client:
        reply = await client.send(operation.to_request())
    errors = reply.value.get("errors", []) if isinstance(reply.value, dict) else []
    return any(
        error["code"] == "form_param_missing" and error["meta"]["param_name"] == name for error in errors
    )


async def test_what_clerk_needs_though_it_is_optional_stands_in_the_description() -> None:
    unsaid = []
    for id, given in CALLS.items():
        model = operations()[id]
        for argument in model.spec.arguments:
            if argument.required or argument.name not in given:
                continue
            left = {name: value for name, value in given.items() if name != argument.name}
            try:
                call = parse(model, left)
            except InvalidArguments:
                continue
            if not argument.description.startswith(SAYS_SO) and await _needs(call, argument.name):
                unsaid.append(f"{id}: {argument.name}")
    assert unsaid == []
