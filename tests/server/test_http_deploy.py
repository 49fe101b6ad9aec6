"""What `deploy/` ships must fit the server it starts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from clerk_mcp.settings import Settings, variable

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()]


def kubernetes(kind: str, name: str = "clerk-mcp") -> dict[str, Any]:
    documents = yaml.safe_load_all((DEPLOY / "kubernetes" / "clerk-mcp.yaml").read_text())
    [found] = [each for each in documents if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    spec: dict[str, Any] = found["spec"]
    return spec


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_that_is_given_exists(path: Path) -> None:
    known = {variable(name) for name in Settings.model_fields}
    assert set(re.findall(r"\bCLERK_\w+\b", path.read_text())) <= known


def test_replicas_get_the_time_that_their_drain_takes() -> None:
    drain = Settings.model_fields["drain"].default
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for name in ("clerk-mcp-1", "clerk-mcp-2", "clerk-mcp-3"):
        assert int(compose["services"][name]["stop_grace_period"].rstrip("s")) > drain
    pod = kubernetes("Deployment")["template"]["spec"]
    pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > pause + drain


def test_nothing_runs_as_root_or_writes_to_its_image() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert all(service["read_only"] for service in compose["services"].values())
    assert re.search(r"^USER (?!0|root)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for name in ("clerk-mcp", "clerk-mcp-nginx"):
        pod = kubernetes("Deployment", name)["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]


def test_a_disruption_leaves_replicas_to_serve() -> None:
    assert (
        kubernetes("HorizontalPodAutoscaler")["minReplicas"]
        > kubernetes("PodDisruptionBudget")["minAvailable"]
    )


def test_nginx_never_sends_a_call_twice() -> None:
    directives = re.sub(r"#.*", "", (DEPLOY / "nginx.conf").read_text())
    assert "proxy_next_upstream error timeout;" in directives
    assert "non_idempotent" not in directives
