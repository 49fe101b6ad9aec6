"""A release is one tag, and its files agree with each other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from release.check_tag import Unready, notes_of
from release.manifests import PROJECT, REGISTRY_NAME, REPOSITORY

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHANGELOG = """# Changelog

## 0.2.0, 2026-12-01

- Something new.

## 0.1.0, not yet released

- All of it.
"""


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())["jobs"]
    return found


def test_the_notes_of_a_release_are_its_lines_of_the_changelog() -> None:
    assert notes_of("v0.2.0", "0.2.0", CHANGELOG) == "- Something new."


@pytest.mark.parametrize(
    ("tag", "version", "said"),
    [
        ("v0.2.0", "0.1.0", "set the version"),
        ("0.2.0", "0.2.0", "set the version"),
        ("v0.3.0", "0.3.0", "says nothing under"),
        ("v0.1.0", "0.1.0", "where the date of 0.1.0 belongs"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused_with_what_to_do(tag: str, version: str, said: str) -> None:
    with pytest.raises(Unready, match=said):
        notes_of(tag, version, CHANGELOG)


def test_the_changelog_has_a_section_for_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {PROJECT['version']}, " in changelog


def test_the_projects_home_is_the_same_everywhere() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    server = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    assert all(url.startswith(REPOSITORY) for url in PROJECT["urls"].values())
    assert f"git clone {REPOSITORY}" in readme
    assert f"<!-- mcp-name: {REGISTRY_NAME} -->" in readme
    assert (server["name"], server["repository"]["url"]) == (REGISTRY_NAME, REPOSITORY)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_of_others_is_pinned_by_its_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"uses: (?!\./)(.+)", path.read_text(encoding="utf-8"))
    assert used
    for line in used:
        assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_job_may_do_more_than_it_names(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert all(job["permissions"] for job in workflow["jobs"].values())


def test_the_tests_run_on_three_systems_and_every_python_that_is_declared() -> None:
    matrix = jobs("tests.yml")["platforms"]["strategy"]["matrix"]
    assert [system.partition("-")[0] for system in matrix["os"]] == ["ubuntu", "macos", "windows"]
    declared = {text.rpartition(" ")[2] for text in PROJECT["classifiers"] if " :: 3." in text}
    assert declared <= set(matrix["python"])
    assert PROJECT["requires-python"] == f">={matrix['python'][0]}"


def test_nothing_is_published_before_the_tests_have_passed() -> None:
    needs = {
        name: [job["needs"]] if isinstance(job["needs"], str) else job["needs"]
        for name, job in jobs("release.yml").items()
        if "needs" in job
    }

    def before(name: str) -> set[str]:
        return {name}.union(*(before(each) for each in needs.get(name, [])))

    for name in jobs("release.yml"):
        assert "tests" in before(name)
