"""Failures on demand: the share of requests that each kind befalls, drawn from a seed. `exchange` makes them.

429=0.05        refused by the rate limiter; nothing was executed
409, 500, 503, 504   refused with Clerk's error of that status; nothing was executed
reset-before    the connection breaks before the request was executed
reset-after     the connection breaks after it was executed
slow=0.02:3s    executed at once, answered late
truncated       executed; the answer is cut in the middle
garbage         executed; a proxy's HTML page comes back instead of the answer
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from clerk_sandbox import errors

REFUSALS: dict[str, tuple[Callable[[], errors.ClerkError], ...]] = {
    "409": (errors.conflict, errors.resource_locked),
    "429": (lambda: errors.too_many_requests(1),),
    "500": (errors.internal_clerk_error,),
    "503": (errors.service_unavailable,),
    "504": (errors.gateway_timeout,),
}
KINDS = (*REFUSALS, "reset-before", "reset-after", "slow", "truncated", "garbage")
DEFAULT_DELAY_S = 3.0


@dataclass(frozen=True, slots=True)
class Fault:
    kind: str
    share: float
    delay_s: float = 0.0


class Faults:
    """Draws, request by request, whether a failure is due, and which."""

    def __init__(self, faults: list[Fault], seed: int = 0) -> None:
        if sum(fault.share for fault in faults) > 1:
            raise ValueError("the shares of the faults add up to more than 1")
        self._faults = faults
        self._random = random.Random(seed)  # noqa: S311 - a run must repeat

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> "Faults":
        """Read `kind=share[:delay]` entries, separated by commas. A share is from 0 to 1, a delay in seconds.

        Raises:
            ValueError: says which entry cannot be read, and why.
        """
        return cls([_parse_entry(entry.strip()) for entry in text.split(",") if entry.strip()], seed)

    def draw(self) -> Fault | None:
        point = self._random.random()
        for fault in self._faults:
            if point < fault.share:
                return fault
            point -= fault.share
        return None

    def refusal(self, kind: str) -> errors.ClerkError:
        make = self._random.choice(REFUSALS[kind])
        return make()


def _parse_entry(entry: str) -> Fault:
    kind, _, rest = entry.partition("=")
    share_text, _, delay_text = rest.partition(":")
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r} in {entry!r}; known are {', '.join(KINDS)}")
    if delay_text and kind != "slow":
        raise ValueError(f"only slow takes a delay, not {entry!r}")
    try:
        share = float(share_text)
        delay_s = float(delay_text.removesuffix("s")) if delay_text else DEFAULT_DELAY_S
    except ValueError:
        raise ValueError(f"{entry!r} is not of the form kind=share, or slow=share:seconds") from None
    if not 0 <= share <= 1 or not 0 <= delay_s < float("inf"):
        raise ValueError(f"the share in {entry!r} must be from 0 to 1, and a delay not negative")
    return Fault(kind, share, delay_s if kind == "slow" else 0.0)
