"""How the sandbox copes with many users: seeding, memory, and the requests that must stay quick.

    python bench/sandbox_scale.py [--users 100000] [--repeat 200]

Exits with 1 where a limit is missed: seeding 10 s, memory 1.5 GB, and 5 ms for a page, a lookup by id and an
email filter, each the median of its repeats, measured through the front door with the JSON text made.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable

from clerk_sandbox.sandbox import Sandbox

MAX_SEED_S, MAX_MEMORY_MB, MAX_REQUEST_MS = 10.0, 1500.0, 5.0


def median_ms(call: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=200)
    options = parser.parse_args()

    start = time.perf_counter()
    sandbox = Sandbox(users=options.users)
    seed_s = time.perf_counter() - start
    # macOS counts bytes, Linux kilobytes.
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit

    headers = {"authorization": f"Bearer {sandbox.key}"}

    def ask(path: str, query: str = "") -> bytes:
        answer = sandbox.handle("GET", f"/v1{path}", query, headers, b"")
        if answer.status != 200:
            raise RuntimeError(f"{path}?{query} answered {answer.status}")
        return answer.body

    middle = list(sandbox.instance.users)[options.users // 2]
    address = middle["email_addresses"][0]["email_address"]
    limited = {
        "first page of 10": lambda: ask("/users"),
        "page of 10 in the middle": lambda: ask("/users", f"limit=10&offset={options.users // 2}"),
        "lookup by id": lambda: ask(f"/users/{middle['id']}"),
        "filter by email": lambda: ask("/users", f"email_address={address}"),
        "filter by 100 ids": lambda: ask("/users", "&".join([f"user_id={middle['id']}"] * 100)),
        "count": lambda: ask("/users/count"),
    }
    others = {
        "page of 500": lambda: ask("/users", "limit=500"),
        "search for a part of a name": lambda: ask("/users", "query=holm"),
        "order by last name": lambda: ask("/users", "order_by=last_name"),
    }

    late = seed_s > MAX_SEED_S or memory_mb > MAX_MEMORY_MB
    print(f"{options.users} users: seeded in {seed_s:.1f} s, {memory_mb:.0f} MB")
    for name, call in limited.items():
        took = median_ms(call, options.repeat)
        late = late or took > MAX_REQUEST_MS
        print(f"  {name:<28} {took:7.2f} ms")
    for name, call in others.items():
        print(f"  {name:<28} {median_ms(call, 3):7.2f} ms  (no limit)")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
