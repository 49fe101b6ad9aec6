"""What the default views cost and save.

    python -m bench.views

Prints the time to trim 500 users beside the time to parse them (limit: 15 % of the parsing plus 10 ms), and
the bytes of each kind of object before and after.
"""

import json
import time
from collections.abc import Callable

from clerk_tools.views import view
from tests.tools.clerk_objects import RAW, user

USERS = 500
ROUNDS = 30


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def best_ms(work: Callable[[], object]) -> float:
    """The shortest of several runs: what the work takes when nothing else runs on the machine."""
    shortest = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest * 1000


def main() -> None:
    users = [user(seed) for seed in range(USERS)]
    text = compact(users)
    parsing = best_ms(lambda: json.loads(text))
    trimming = best_ms(lambda: view("user", users))
    limit = 0.15 * parsing + 10
    print(f"parse {USERS} users   {parsing:6.2f} ms")
    print(
        f"trim  {USERS} users   {trimming:6.2f} ms   limit {limit:.2f} ms, {trimming / limit:.0%} of it used"
    )
    print(f"bytes {USERS} users   {len(compact(view('user', users))) / len(text):6.0%}\n")

    print(f"{'kind':26}{'Clerk':>7}{'view':>7}")
    for kind in sorted(RAW):
        raw, seen = len(compact(RAW[kind])), len(compact(view(kind, RAW[kind])))
        print(f"{kind:26}{raw:7}{seen:7}{seen / raw:6.0%}")


if __name__ == "__main__":
    main()
