"""Clerk's rate limits, counted over sliding windows."""

import math
from collections import deque
from collections.abc import Callable, Iterator

from clerk_sandbox import errors
from clerk_tools.operation import Spec

HOUR = 3600

# (requests, seconds) for all requests to an instance together; a key's kind decides.
PRODUCTION = (1000, 10)
DEVELOPMENT = (100, 10)

# One count for each operation.
BY_OPERATION = {
    "Invitations_createNewInvitation": (100, HOUR),
    "OrganizationInvitations_createAndSend": (250, HOUR),
    "OrganizationInvitations_bulkCreateAndSend": (50, HOUR),
}

# One count for each user, organization or membership, its metadata included.
BY_OBJECT = {
    "Users_updateUserAttributes": (10, 10),
    "Users_mergeUserMetadataAttributes": (10, 10),
    "Organizations_updateOrganization": (10, 10),
    "Organizations_mergeOrganizationMetadata": (10, 10),
    "OrganizationMemberships_updateMembershipProperties": (10, 10),
    "OrganizationMemberships_updateMembershipMetadata": (10, 10),
}


class RateLimits:
    """What was let through lately. `clock` returns Unix milliseconds."""

    def __init__(self, *, live: bool, clock: Callable[[], int]) -> None:
        self._instance_limit = PRODUCTION if live else DEVELOPMENT
        self._clock = clock
        self._seen: dict[str, deque[int]] = {}

    def check(self, spec: Spec, path: dict[str, str]) -> None:
        """Count this call, unless it is one too many; a refused call does not count.

        Raises:
            ClerkError: 429, with `Retry-After` in seconds.
        """
        now = self._clock()
        windows = []
        for key, (requests, seconds) in self._limits(spec, path):
            window = self._seen.setdefault(key, deque())
            while window and window[0] <= now - seconds * 1000:
                window.popleft()
            if len(window) >= requests:
                raise errors.too_many_requests(math.ceil((window[0] + seconds * 1000 - now) / 1000))
            windows.append(window)
        for window in windows:
            window.append(now)

    def _limits(self, spec: Spec, path: dict[str, str]) -> Iterator[tuple[str, tuple[int, int]]]:
        if spec.id == "Jwks_getJsonWebKeySet":
            return
        yield "instance", self._instance_limit
        if spec.id in BY_OPERATION:
            yield spec.id, BY_OPERATION[spec.id]
        if spec.id in BY_OBJECT:
            yield "/".join(path.values()), BY_OBJECT[spec.id]
