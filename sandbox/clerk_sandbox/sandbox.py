"""The front door: a request comes in as plain values, and Clerk's answer goes out.

    sandbox = Sandbox()
    answer = sandbox.handle("GET", "/v1/users", "limit=2", {"authorization": f"Bearer {sandbox.key}"}, b"")

It knows nothing of connections: `transport` and `asgi` bring requests here, by way of `exchange`.
"""

import copy
import hashlib
import hmac
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.bodies import read_body
from clerk_sandbox.demo_data import seed_demo_data
from clerk_sandbox.errors import ClerkError
from clerk_sandbox.faults import Faults
from clerk_sandbox.plan import OF_ORGANIZATIONS, require_organizations
from clerk_sandbox.ratelimits import RateLimits
from clerk_sandbox.resources.machines import machine_with
from clerk_sandbox.routing import Answer, Call, Query, handlers, route
from clerk_sandbox.snapshots import check_snapshot
from clerk_sandbox.state import Instance, Json, now_ms
from clerk_tools.operation import Spec

TEST_KEY = "sk_test_sandbox00000000000000000000000000000000"
LIVE_KEY = "sk_live_sandbox00000000000000000000000000000000"
API_PREFIX = "/v1"
WITHOUT_PREFIX = ("/api_keys", "/m2m_tokens", "/oauth_applications/access_tokens")
"""Paths that answer without `/v1` too: Clerk's own SDKs call them so."""
FOR_MACHINES = "/m2m_tokens"
"""What the secret keys of machines open, and nothing else."""
API_VERSIONS = ("2021-02-05", "2024-10-01", "2025-04-10", "2025-11-10", "2026-05-12")
REQUESTS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as it came in, for tests to look at. The key is not kept."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any
    operation: str | None
    status: int


class Sandbox:
    """A Clerk instance and everything in front of it.

    Args:
        seed: makes the ids and the faults; the same seed, the same run.
        users: bulk-made users, on top of the demo data.
        live: a production instance: its key prefix, its rate limits, its rules.
        rate_limits: answer 429 as Clerk would.
        faults: shares of failures as `Faults.parse` reads them, e.g. `"429=0.05,slow=0.02:3s"`.
        data: a snapshot to start from, in place of the demo data; its own
            `seed`, `users` and `live` count then.
        key: the one secret key that is let in.
        clock: Unix milliseconds.

    Raises:
        ValueError: `faults` cannot be read, or `data` is no snapshot.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        users: int = 0,
        live: bool = False,
        rate_limits: bool = False,
        faults: str | None = None,
        data: Json | None = None,
        key: str | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._seed = seed
        self._users = users
        self._data = data
        self._clock = clock
        self._rate_limits_on = rate_limits
        self._fault_shares = faults
        if data is not None:
            check_snapshot(data, seeded_instance().snapshot())
        self.live = data["live"] if data is not None else live
        self.key = key or (LIVE_KEY if self.live else TEST_KEY)
        self.reset()

    def reset(self) -> None:
        """Return to the state at the start; faults, rate limits and the request log begin anew too."""
        if self._data is not None:
            self.instance = Instance.restore(copy.deepcopy(self._data), clock=self._clock)
        else:
            self.instance = seeded_instance(self._users, seed=self._seed, live=self.live, clock=self._clock)
        self.rate_limits = RateLimits(live=self.live, clock=self._clock) if self._rate_limits_on else None
        self.faults = Faults.parse(self._fault_shares, seed=self._seed) if self._fault_shares else None
        self.received: deque[ReceivedRequest] = deque(maxlen=REQUESTS_KEPT)
        self._answered = 0

    def snapshot(self) -> Json:
        """Return the state as JSON values, to be given as `data` to another sandbox. It holds secrets."""
        return copy.deepcopy(self.instance.snapshot())

    @property
    def requests(self) -> list[Json]:
        """The last 10 000 requests, oldest first."""
        return [asdict(request) for request in self.received]

    def handle(
        self,
        method: str,
        url_path: str,
        query_string: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        refusal: ClerkError | None = None,
    ) -> Answer:
        """Answer one request. `url_path` is still percent-encoded; header names are in lower case.

        `refusal` is the answer of a fault that was asked for: then no operation runs.
        The answer's `json` is the instance's own state: read it before the next request; never change it.
        """
        self._answered += 1
        query = Query(query_string)
        spec: Spec | None = None
        call: Call | None = None
        try:
            version = headers.get("clerk-api-version", API_VERSIONS[0])
            if version not in API_VERSIONS:
                raise errors.api_version_invalid(version)
            below = (API_PREFIX, *WITHOUT_PREFIX)
            if url_path not in below and not url_path.startswith(tuple(start + "/" for start in below)):
                raise errors.route_not_found(method, url_path)
            spec, path = route(method, url_path.removeprefix(API_PREFIX))
            if version < spec.version or (spec.until and version > spec.until):
                raise errors.route_not_found(method, url_path)
            if refusal:
                raise refusal
            machine = None if spec.public else self._authenticated(headers.get("authorization"), spec)
            if spec.id in self.instance.settings["retired_operations"]:
                raise errors.operation_deprecated(f"{spec.id} is no longer available.")
            if self.rate_limits:
                self.rate_limits.check(spec, path)
            if spec.resource in OF_ORGANIZATIONS:
                require_organizations(self.instance)
            call = Call(spec=spec, path=path, query=query, machine=machine)
            read_body(call, headers.get("content-type", ""), body)
            answer = as_answer(handlers()[spec.id](self.instance, call))
        except ClerkError as error:
            answer = Answer(error.status, error.envelope(self._trace_id()), headers=dict(error.headers))
        self.received.append(
            ReceivedRequest(
                method=method,
                path=url_path,
                query=query.as_dict(),
                headers={name: value for name, value in headers.items() if name != "authorization"},
                body=call.body if call else None,
                operation=spec.id if spec else None,
                status=answer.status,
            )
        )
        return answer

    def _authenticated(self, authorization: str | None, spec: Spec) -> Json | None:
        """Return the machine that the key is of, or None: the key is the instance's.

        Raises:
            ClerkError: there is no key, or it opens nothing here.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise errors.authorization_header_format_invalid()
        if hmac.compare_digest(key.encode(), self.key.encode()):
            return None
        machine = machine_with(self.instance, key) if spec.path.startswith(FOR_MACHINES) else None
        if machine is None:
            raise errors.clerk_key_invalid()
        return machine

    def _trace_id(self) -> str:
        return hashlib.blake2b(f"{self._seed}/trace/{self._answered}".encode(), digest_size=16).hexdigest()


def seeded_instance(users: int = 0, **settings: Any) -> Instance:
    """Return a new instance with the demo data in it."""
    instance = Instance(**settings)
    seed_demo_data(instance, users=users)
    return instance


def as_answer(returned: Answer | Json | list[Any] | None) -> Answer:
    """Return a handler's return value as an answer; None is 204."""
    if isinstance(returned, Answer):
        return returned
    return Answer(204) if returned is None else Answer(json=returned)
