"""The documents say what is true now."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import pytest
from docs.recording import INSTALLING, STEPS, run
from markdown_it import MarkdownIt
from markdown_it.token import Token

from clerk_mcp.cli import cli
from clerk_sandbox.sandbox import Sandbox
from tests.contract.make import reference_facts
from tests.contract.openapi import document_of
from tests.processes import free_port
from tests.sandbox.server import serving

ROOT = Path(__file__).parent.parent
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/tools/*.md"))
}
markdown = MarkdownIt("commonmark").enable("table")


def tokens(text: str) -> Iterator[Token]:
    for token in markdown.parse(text):
        yield token
        yield from token.children or ()


def fences(page: str, language: str) -> list[str]:
    return [t.content for t in tokens(PAGES[page]) if t.type == "fence" and t.info == language]


def test_the_generated_parts_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_map_names_only_files_that_exist() -> None:
    known = {
        path.name
        for root in ("tools", "server", "sandbox", "tests", "docs", "examples", "release", "bench")
        for path in (ROOT / root).rglob("*.py")
    }
    words = PAGES["ARCHITECTURE.md"].replace("`", " ").split()
    assert {word.rpartition("/")[2] for word in words if word.endswith(".py")} <= known


# ── Links ──


def links(text: str) -> set[str]:
    """Where links and pictures lead, those that are written in HTML among them."""
    found = list(tokens(text))
    html = " ".join(t.content for t in found if t.type in ("html_inline", "html_block"))
    return {
        *(str(t.attrs.get("href") or t.attrs.get("src")) for t in found if t.type in ("link_open", "image")),
        *re.findall(r'\b(?:src|href)="([^"]+)"', html),
    }


def anchors(text: str) -> set[str]:
    """Of the headings, as GitHub and the site make them."""
    stream = list(markdown.parse(text))
    titles = [inline.content for t, inline in pairwise(stream) if t.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """Other sites are looked at in form only: tests need no network."""
    for link in links(PAGES[page]):
        url = urlsplit(link)
        if url.scheme:
            assert url.scheme == "https", link
            assert "." in (url.hostname or ""), link
            continue
        target = (ROOT / page).parent / unquote(url.path) if url.path else ROOT / page
        assert target.exists(), link
        if url.fragment:
            assert url.fragment in anchors(target.read_text(encoding="utf-8")), link


# ── Commands: that their flags exist ──


def commands_in(page: str) -> list[str]:
    """The lines of the page's `sh` blocks, continued ones in one piece."""
    lines = [line for block in fences(page, "sh") for line in block.replace("\\\n", " ").splitlines()]
    return [re.sub(r"(^|\s+)#\s.*", "", line).strip() for line in lines if line and not line.startswith("#")]


def words_of(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|;&()<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    return list(lexer)


def calls_of_ours(command: str) -> Iterator[list[str]]:
    """What follows `clerk-mcp`, each time that a command line runs it."""
    for part in [command, *re.findall(r"\$\((.*?)\)", command)]:
        words = words_of(part)
        for start, word in enumerate(words):
            before = words[start - 1] if start else "--"
            if word == "clerk-mcp" and (before == "--" or "=" in before or set(before) <= set("|;&()")):
                rest = words[start + 1 :]
                end = next((i for i, w in enumerate(rest) if set(w) <= set("|;&()<>")), len(rest))
                yield rest[:end]


def check_words(words: list[str]) -> None:
    """
    Raises:
        click.UsageError: a subcommand or a flag that does not exist.
    """
    command: click.Command = cli
    while True:
        context = click.Context(command, info_name=command.name)
        _, words, _ = command.make_parser(context).parse_args(args=words)
        if not isinstance(command, click.Group) or not words:
            return
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found


def written_for_hosts(value: Any) -> Iterator[list[str]]:
    """The arguments of every entry that starts this server."""
    if isinstance(value, dict):
        if value.get("command") == "clerk-mcp":
            yield value.get("args", [])
        for inner in value.values():
            yield from written_for_hosts(inner)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_has_subcommands_and_flags_that_exist(page: str) -> None:
    in_text = [
        t.content
        for t in tokens(PAGES[page])
        if t.type == "code_inline" and t.content.startswith("clerk-mcp ")
    ]
    recorded = [line.removeprefix("$ ") for block in fences(page, "console") for line in block.splitlines()]
    for command in [
        *commands_in(page),
        *in_text,
        *(line for line in recorded if line.startswith("clerk-mcp ")),
    ]:
        for words in calls_of_ours(command):
            check_words(words)
    for block in fences(page, "json"):
        with suppress(ValueError):
            for words in written_for_hosts(json.loads(block)):
                check_words(words)


def test_the_example_configuration_has_flags_that_exist() -> None:
    entries = list(written_for_hosts(json.loads((ROOT / "mcp.json").read_text(encoding="utf-8"))))
    assert entries
    for words in entries:
        check_words(words)


def test_a_flag_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(click.NoSuchOption):
        check_words(["call", "--sandbox", "--no-such-flag"])


# ── Commands: that every shell reads them alike ──

SHELLS = [shell for shell in ("sh", "bash", "zsh", "fish") if shutil.which(shell)]
PASTED_INTO_ANY_SHELL = ("README.md", "docs/getting-started.md", "docs/hosts.md", "docs/first-minutes.md")
"""What a newcomer pastes, into whichever shell they have."""


@pytest.mark.parametrize("page", PASTED_INTO_ANY_SHELL)
def test_a_line_to_paste_has_no_comment(page: str) -> None:
    """zsh, the shell of macOS, hands the words of a comment to the command where it is typed in."""
    lines = [line for block in fences(page, "sh") for line in block.splitlines()]
    assert not [line for line in lines if "#" in shlex.split(line)]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_the_first_pages_alike(shell: str, tmp_path: Path) -> None:
    # Paths, pipes and patterns of files are left out: a shell changes those before it calls anything.
    plain = re.compile(r"[^&|<>~]+(?<!plugins\.zip)")
    lines = [c for page in PASTED_INTO_ANY_SHELL for c in commands_in(page) if plain.fullmatch(c)]
    assert len(lines) > 10
    script = tmp_path / "script"
    script.write_text("\n".join(f"printf '%s\\n' {line}" for line in lines))
    done = subprocess.run([shell, script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [word for line in lines for word in shlex.split(line)]


# ── Commands: that they run ──

NOT_RUN = {
    "uv tool install": "would install into the machine; the recording does it with the built wheel",
    "git clone": "needs the network; .ci/run starts from a fresh clone",
    "make": "sets up environments; .ci/run is what runs it",
    "claude": "a host, which is not here",
    "unzip": "what it unpacks is what `make dist` would have made",
    "docker": "not here",
    "kubectl": "not here",
}
"""By the words that a command begins with, why it is not run."""

YOURS = ("README.md", "docs/hosts.md")
"""Pages for readers who have a key in their environment already."""

PASTED = "/dev/stdin"
"""Stands in a command that takes what its reader pastes: the key."""

ENDED = "the page ended with"

LONGEST_S = 90
"""After which a page is stopped."""

WITH_COMMANDS = [page for page in PAGES if commands_in(page)]


def script_of(page: str, key_file: Path) -> str:
    """The page's commands from top to bottom: servers stay up behind, on ports that are free."""
    lines = ["set -eu -o pipefail", f"trap 'echo {ENDED} $?' EXIT"]
    ports: dict[str, str] = {}
    for command in commands_in(page):
        if any(command == known or command.startswith(f"{known} ") for known in NOT_RUN):
            continue
        for port in re.findall(r"--port (\d+)", command):
            ports.setdefault(port, str(free_port()))
        for port, free in ports.items():
            command = re.sub(rf"\b{port}\b", free, command)
        lines.append(f"printf '%s\\n' {shlex.quote(f'$ {command}')}")
        if serves(command):
            port = command.split("--port ")[1].split()[0]
            lines += [f"{command} & server=$!", f"up {port} $server"]
        else:
            lines.append(f"{command} < {key_file if PASTED in command else '/dev/null'}")
    return "\n".join([WAIT_UNTIL_UP, *lines])


WAIT_UNTIL_UP = """\
up() { # up PORT PROCESS
    for _ in $(seq 200); do
        (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null && return
        kill -0 "$2" || return
        sleep 0.1
    done
    return 1
}"""


def serves(command: str) -> bool:
    over_http = any("--transport" in words or words[:1] == ["sandbox"] for words in calls_of_ours(command))
    return over_http or words_of(command)[0] == "uvicorn"


def environment(home: Path) -> dict[str, str]:
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": commands, "HOME": str(home), "LANG": "C.UTF-8"}


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_every_command_line_runs(page: str, tmp_path: Path) -> None:
    if page != "README.md" and not os.environ.get("EVERY_PAGE"):
        pytest.skip("commands of all pages take minutes: `make docs` runs this")
    if "curl" in PAGES[page] and not shutil.which("curl"):
        pytest.skip("curl is not here")
    home, work, script = tmp_path / "home", tmp_path / "work", tmp_path / "script.sh"
    home.mkdir()
    work.mkdir()
    (work / "openapi.yaml").write_text(json.dumps(document_of(reference_facts())))
    sandbox = Sandbox()
    key_file = tmp_path / "key"
    key_file.write_text(f"{sandbox.key}\n")
    script.write_text(script_of(page, key_file))
    with serving(sandbox) as clerk:
        own = {"CLERK_SECRET_KEY": sandbox.key} if page in YOURS else {}
        process = subprocess.Popen(
            ["/bin/bash", script],
            cwd=work,
            env=environment(home) | own | {"CLERK_API_URL": clerk.base_url},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        shown = ended(process)
    assert shown.endswith(f"{ENDED} 0\n"), shown[-3000:]


def ended(process: subprocess.Popen[str]) -> str:
    """What the script and its servers said, up to the script's end; then the servers are stopped."""

    def stop() -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    assert process.stdout is not None
    lines = []
    watchdog = threading.Timer(LONGEST_S, stop)
    watchdog.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if line.startswith(ENDED):
                break
    finally:
        watchdog.cancel()
        stop()
        process.wait()
        process.stdout.close()
    return "".join(lines)


# ── The recording ──

_VARIES = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r"\d+ of \d+ operations"), "N of N operations"),
    (re.compile(r"\d+ of \d+ have"), "N of N have"),
    (re.compile(r"\d+ (ms|of)\b"), r"N \1"),
    (re.compile(r"\d+(\.\d+)+"), "VERSION"),
    (re.compile(r" +\d+$", re.MULTILINE), " BYTES"),
    (re.compile(r'"/[^"]*/clerk-mcp"'), '"clerk-mcp"'),
)
"""What differs from day to day and from machine to machine, and is no promise."""


COUNTED = re.compile(r"(?<!first )\b\d{3}\b (operations|tools)")
WITH_COUNTS = ("docs/comparison.md", "docs/figures.md", "docs/performance.md")
"""Pages of measurements, which say what was measured."""


@pytest.mark.parametrize("page", [*PAGES, "pyproject.toml", "server.json", "mcp.json"])
def test_no_sentence_counts_the_operations(page: str) -> None:
    """A count that somebody wrote is wrong as soon as an operation is added; a generated one is not."""
    text = re.sub(
        r"<!-- (\w+):begin -->.*?<!-- \1:end -->", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL
    )
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert page in WITH_COUNTS or not COUNTED.search(text)


def without_what_varies(text: str) -> str:
    for pattern, instead in _VARIES:
        text = pattern.sub(instead, text)
    return text


def test_the_recording_is_what_a_terminal_shows_now(tmp_path: Path) -> None:
    [recorded] = fences("docs/first-minutes.md", "console")
    sessions = {session.splitlines()[0]: session for session in recorded.strip().split("\n\n$ ")}
    assert f"$ {INSTALLING.command}" in sessions, "where installing says something, it failed"
    assert sessions[f"$ {INSTALLING.command}"] == f"$ {INSTALLING.command}"
    for step in STEPS:
        now = run(step, tmp_path, environment(tmp_path))
        assert without_what_varies(sessions[step.command]) == without_what_varies(now.removeprefix("$ ")), (
            "make recording"
        )


# ── The errors ──


def test_every_error_code_that_the_server_makes_up_is_explained() -> None:
    makers = {"Refused", "Failure", "UploadError", "SealRefused", "error"}
    codes = set()
    for path in (ROOT / "server" / "clerk_mcp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(first := node.args[0], ast.Constant):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if name in makers and re.fullmatch(r"[a-z]+(_[a-z]+)+|[a-z]{5,}", str(first.value)):
                    codes.add(str(first.value))
    assert len(codes) > 15
    assert {code for code in codes if f"`{code}`" not in PAGES["docs/errors.md"]} == set()
