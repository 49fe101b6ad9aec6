from __future__ import annotations

import pytest

from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk import Clerk
from tests.sandbox.clock import Clock
from tests.sandbox.demo import Demo


@pytest.fixture
def sandbox() -> Sandbox:
    """The demo company, in process."""
    return Sandbox()


@pytest.fixture
def clerk(sandbox: Sandbox) -> Clerk:
    return Clerk(sandbox)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demo(sandbox: Sandbox) -> Demo:
    return Demo(sandbox)
