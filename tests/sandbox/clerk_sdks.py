"""Clerk's own SDKs, every method of each, on the sandbox. `python -m tests.sandbox.clerk_sdks` prints tables.

make clerk-sdks       installs the Node SDK, tests both, and prints the tables
"""

from __future__ import annotations

import base64
import inspect
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clerk_backend_api import Clerk, models
from clerk_backend_api.utils import BackoffStrategy, RetryConfig
from pydantic import ValidationError

from clerk_sandbox.examples import ISSUED_TOKEN, example_calls, filled_in, resolved
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.catalog import operations
from clerk_tools.operation import Spec
from clerk_tools.spec import Demo
from tests.sandbox.server import serving

ROOT = Path(__file__).parent.parent.parent
NODE_SDK = ROOT / ".clerk-node"
"""Where `make clerk-sdks` installs the Node SDK."""

NODE_FAULTS: Final = {
    "__experimental_accountlessApplications.completeAccountlessApplicationOnboarding": "POST "
    "/accountless_applications/complete is in no document of Clerk's",
    "__experimental_accountlessApplications.createAccountlessApplication": "POST "
    "/accountless_applications is in no document of Clerk's",
    "betaFeatures.changeDomain": "POST /beta_features/change_domain is in no document of Clerk's, which have "
    "PUT /beta_features/domain and POST /instance/change_domain",
    "clients.getHandshakePayload": "GET /clients/handshake_payload is in no document of Clerk's",
    "emails.create": "POST /email is in no document of Clerk's; the SDK calls it not yet public",
    "emails.createBatch": "POST /email/batch is in no document of Clerk's; the SDK calls it not yet public",
    "emails.get": "GET /email/{id} is in no document of Clerk's; the SDK calls it not yet public",
    "sessions.verifySession": "the version that the SDK asks for, 2026-05-12, does not have it any more",
}
"""Methods of the Node SDK that fail, each by its own fault."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one method: `problem` is None where all its calls were answered as they should."""

    method: str
    problem: str | None


def node_is_missing() -> str:
    """Why the Node SDK cannot be run here; empty where it can."""
    if shutil.which("node") is None:
        return "there is no node on this machine"
    wanted = json.loads((Path(__file__).parent / "clerk_node" / "package.json").read_text())["dependencies"]
    ((package, version),) = wanted.items()
    installed = NODE_SDK / "node_modules" / package / "package.json"
    if installed.exists() and json.loads(installed.read_text())["version"] == version:
        return ""
    return f"{package} {version} is not there: `make clerk-sdks` installs it where npm can get it"


def node_results() -> list[Result]:
    """Every method of the Node SDK in the forms of `clerk_node/methods.mjs`."""
    sandbox = Sandbox()
    script = Path(__file__).parent / "clerk_node" / "run.mjs"
    with serving(sandbox) as server:
        done = subprocess.run(
            [shutil.which("node") or "node", script, server.origin, sandbox.key],
            cwd=NODE_SDK,
            input=json.dumps(demo_names(sandbox)),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return [Result(**json.loads(line)) for line in done.stdout.splitlines()]


def demo_names(sandbox: Sandbox) -> dict[str, str]:
    """What the examples of the declarations call the demo company's records, with their ids."""
    named = {
        name
        for operation in operations().values()
        if operation.spec.example
        for name in names_in(operation.spec.example.arguments)
    }
    return {name: resolved(sandbox.instance, Demo(name)) for name in sorted(named)}


def names_in(value: Any) -> Iterator[str]:
    if isinstance(value, Demo):
        yield str(value)
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from names_in(inner)


NO_RETRIES = RetryConfig("backoff", BackoffStrategy(1, 1, 1, 1), retry_connection_errors=False)


def python_sdk(key: str, url: str) -> Clerk:
    return Clerk(bearer_auth=key, server_url=url, retry_config=NO_RETRIES)


_OLDER: Final = "the version that the SDK asks for whatever it calls, 2025-11-10, does not have it yet"
PYTHON_FAULTS: Final = {
    "api_keys.create_api_key": "it takes no answer but 201, where Clerk's document says 200",
    "scim_directories.create_group_role_mapping": _OLDER,
    "scim_directories.delete_group_role_mapping": _OLDER,
    "scim_directories.list_group_role_mappings": _OLDER,
    "scim_directories.replace_group_role_mappings": _OLDER,
    "scim_directories.rotate_api_key": _OLDER,
}
"""Methods of the Python SDK that fail, each by its own fault."""


def python_methods() -> dict[str, Spec | None]:
    """The operation behind each method of the Python SDK, or None where the catalogue has none."""
    by_route = {(spec.method, shape_of(spec.path)): spec for spec in (o.spec for o in operations().values())}
    client = Clerk(bearer_auth="unused")
    found: dict[str, Spec | None] = {}
    for resource in sorted(client._sub_sdk_map):
        for name, function in inspect.getmembers(type(getattr(client, resource)), inspect.isfunction):
            source = inspect.getsource(function)
            # A method says its request in one place: method="GET", path="/users/{user_id}".
            request = re.search(r'_build_request\(\s*method="(\w+)",\s*path="([^"]+)"', source)
            if request:
                found[f"{resource}.{name}"] = by_route.get((request[1], shape_of(request[2])))
    return found


def shape_of(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def python_results() -> list[Result]:
    """Every method of the Python SDK with its operation's example arguments, each on a fresh demo company."""
    sandbox = Sandbox()
    calls = example_calls()
    session = calls["Sessions_getDetails"]["session_id"]
    with serving(sandbox) as server, python_sdk(sandbox.key, server.base_url) as client:
        results = []
        for method, spec in python_methods().items():
            sandbox.reset()
            if method == "webhooks.create_svix_app":
                client.webhooks.delete_svix_app()  # the demo company has one
            arguments = {} if spec is None else calls[spec.id]
            if ISSUED_TOKEN in arguments.values():
                token = client.sessions.create_token(session_id=session).jwt
                arguments = filled_in(arguments, token or "")
            results.append(Result(method, python_problem(client, method, arguments)))
    return results


PYTHON_NAMES: Final = {
    "directory_id": "scim_directory_id",
    "frontendApi": "frontend_api_query_parameter1",
    "invitations": "request_body",
}
"""What the Python SDK calls an argument where its method has not our name for it."""
REQUIRED_BY_PYTHON: Final = {"jwt_templates.update": {"name": "hasura", "claims": {"aud": "hasura"}}}
"""What the Python SDK insists on, although Clerk does not."""


BARE_ARRAYS: Final = ("invitations.bulk_create", "waitlist_entries.bulk_create")
"""Methods whose body is no object: it is the value of the operation's one argument."""


def python_problem(client: Clerk, method: str, arguments: dict[str, Any]) -> str | None:
    resource, _, name = method.partition(".")
    function = getattr(getattr(client, resource), name)
    takes = inspect.signature(function).parameters
    given: dict[str, Any] = arguments | REQUIRED_BY_PYTHON.get(method, {})
    if "file" in given:
        content = base64.b64decode(given["file"])
        given["file"] = {"file_name": "image.png", "content": content, "content_type": "image/png"}
    if "request" in takes and method in BARE_ARRAYS:
        (given,) = given.values()
    try:
        if "request" in takes:
            function(request=given)
        else:
            function(**{n if n in takes else PYTHON_NAMES.get(n, n): value for n, value in given.items()})
    # What Clerk answered, or that the call or the answer does not fit the SDK's own types.
    except (models.ClerkBaseError, ValidationError, TypeError) as error:
        return " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return None


def table(results: Iterable[Result], faults: Mapping[str, str]) -> str:
    """The results in Markdown, and how many there are of each kind."""
    rows = [
        (result.method, "ok" if result.problem is None else faults.get(result.method, result.problem))
        for result in results
    ]
    fine = sum(said == "ok" for _, said in rows)
    own = sum(method in faults and said != "ok" for method, said in rows)
    lines = [f"| `{method}` | {said} |" for method, said in rows]
    total = (
        f"{len(rows)} methods: {fine} ok, {own} fail by the SDK's own fault, {len(rows) - fine - own} fail."
    )
    return "\n".join([total, "", "| method | |", "|---|---|", *lines])


if __name__ == "__main__":
    missing = node_is_missing()
    print(f"Node: {missing}" if missing else f"Node. {table(node_results(), NODE_FAULTS)}")  # noqa: T201 the result
    print(f"\nPython. {table(python_results(), PYTHON_FAULTS)}")  # noqa: T201 the result
