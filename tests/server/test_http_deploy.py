"""What `deploy/` ships must fit the server it starts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
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
    pod = kubernetes("StatefulSet")["template"]["spec"]
    pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > pause + drain


def test_nothing_runs_as_root_or_writes_to_its_image() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert all(service["read_only"] for service in compose["services"].values())
    assert re.search(r"^USER (?!0|root)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for kind, name in (("StatefulSet", "clerk-mcp"), ("Deployment", "clerk-mcp-nginx")):
        pod = kubernetes(kind, name)["template"]["spec"]
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


IMAGE = re.compile(r"^[\w./-]+:\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$")


def images_of_others() -> list[str]:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].values()
    pods = [kubernetes("StatefulSet"), kubernetes("Deployment", "clerk-mcp-nginx")]
    named = [
        *(service["image"] for service in compose),
        *(pod["template"]["spec"]["containers"][0]["image"] for pod in pods),
        *re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE),
    ]
    return [image for image in named if not image.startswith("clerk-mcp")]


def test_every_image_of_others_is_pinned_by_version_and_digest() -> None:
    images = images_of_others()
    assert len(images) > 4
    assert [image for image in images if not IMAGE.match(image)] == []


def test_replicas_keep_an_audit_trail_that_outlives_them() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    replicas = [compose["services"][f"clerk-mcp-{number}"] for number in (1, 2, 3)]
    trails = {replica["environment"]["CLERK_MCP_AUDIT_LOG"] for replica in replicas}
    assert len(trails) == 3
    assert all("audit:/var/lib/clerk-mcp" in replica["volumes"] for replica in replicas)
    assert "audit" in compose["volumes"]
    [container] = kubernetes("StatefulSet")["template"]["spec"]["containers"]
    kept = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    given = {variable["name"]: variable.get("value", "") for variable in container["env"]}
    assert str(Path(given["CLERK_MCP_AUDIT_LOG"]).parent) in kept
    assert kubernetes("StatefulSet")["volumeClaimTemplates"][0]["metadata"]["name"] == "audit"


def test_keys_and_tokens_are_mounted_as_a_directory() -> None:
    """A container goes on seeing the old one of a single file that is replaced: nothing would be revoked."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    image = dict(re.findall(r"(CLERK_\w+)=(\S+)", (DEPLOY / "Dockerfile").read_text()))
    directory = str(Path(image["CLERK_MCP_TOKEN_FILE"]).parent)
    assert "secrets" not in compose
    for number in (1, 2, 3):
        replica = compose["services"][f"clerk-mcp-{number}"]
        assert f"./secrets:{directory}:ro" in replica["volumes"]
        assert str(Path(replica["environment"]["CLERK_SECRET_KEY_FILE"]).parent) == directory
    [container] = kubernetes("StatefulSet")["template"]["spec"]["containers"]
    assert not any("subPath" in mount for mount in container["volumeMounts"])


def test_the_build_of_the_image_is_sent_what_it_copies(tmp_path: Path) -> None:
    allowed = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for name in " ".join(copied).split():
        assert f"!{name}" in allowed
        source = DEPLOY.parent / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    assert list((tmp_path / "dist").glob("*.whl"))
