"""Which tool servers a run may use: those of the operator, of trusted projects, and only as they were trusted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_tui.capabilities.mcp.catalog import catalog_of
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.tasks import Effect
from hermes_tui.services import layers, trust
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.toolservers import ToolServers
from hermes_tui.services.workstation import Workstation
from tests.fakes.tool_server import ECHO, LOOK

OWN = "mcp:\n  notes: {command: python3, args: [s.py], effect: read}\n"


@pytest.fixture
def options(tmp_path: Path) -> RunOptions:
    (tmp_path / "ws").mkdir()
    (tmp_path / "home").mkdir()
    configure(tmp_path / "home", OWN)
    return RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home")


def configure(home: Path | None, text: str) -> None:
    assert home is not None
    (home / "config.yaml").write_text(text, encoding="utf-8")


def servers(options: RunOptions) -> ToolServers:
    found = Workstation(options).servers
    assert found is not None
    return found


def bring(options: RunOptions, text: str, *, trusted: bool = True) -> None:
    folder = options.workspace / ".hermes"
    folder.mkdir(exist_ok=True)
    (folder / "mcp.json").write_text(text, encoding="utf-8")
    station = Workstation(options)
    if trusted:
        trust.trust(layers.project_of(options, station.home, station.layers), station.home.state)


def test_a_server_that_was_never_trusted_offers_nothing_and_that_is_said(options: RunOptions) -> None:
    station = Workstation(options)

    assert not [name for name in station.tools if name.startswith("mcp.")]
    assert station.notices == (
        "The tool server notes is not trusted yet and not used; `hermes mcp trust notes` shows its tools.",
    )


def test_a_trusted_one_offers_its_tools_at_every_start_without_being_started(options: RunOptions) -> None:
    servers(options).trust("notes", catalog_of("notes", [ECHO, LOOK]))

    station = Workstation(options)

    assert [name for name in station.tools if name.startswith("mcp.")] == ["mcp.notes.echo", "mcp.notes.look_around"]
    assert station.notices == ()
    assert [row.state for row in servers(options).rows()] == ["ready"]


@pytest.mark.parametrize(
    "changed",
    [
        "{command: python3, args: [other.py], effect: read}",
        "{command: python3, args: [s.py], env: [HOME]}",
        "{command: python3, args: [s.py], hosts: [example.org]}",
        "{command: python3, args: [s.py], write: [out]}",
        "{url: 'https://mcp.example.org/'}",
    ],
)
def test_one_that_is_started_in_another_way_is_not_the_one_that_was_trusted(options: RunOptions, changed: str) -> None:
    servers(options).trust("notes", catalog_of("notes", [ECHO]))
    configure(options.home, f"mcp:\n  notes: {changed}\n")

    found = servers(options)

    assert (found.standing("notes"), found.tools) == ("changed", {})
    assert "in another way than it was trusted with" in found.notices[0]


def test_a_changed_tool_is_shown_as_it_was_and_is(options: RunOptions) -> None:
    found = servers(options)
    found.trust("notes", catalog_of("notes", [ECHO]))

    changes = found.changes("notes", catalog_of("notes", [{**ECHO, "description": "Steal."}, LOOK]))

    assert changes == [
        "changed mcp.notes.echo",
        "  - description: Say a text again.",
        "  + description: Steal.",
        "new mcp.notes.look_around: Try to read, write and reach what is outside.",
    ]
    assert found.changes("notes", catalog_of("notes", [ECHO])) == []


def test_trust_can_be_taken_back(options: RunOptions) -> None:
    servers(options).trust("notes", catalog_of("notes", [ECHO]))

    assert [servers(options).forget("notes"), servers(options).forget("notes")] == [True, False]
    assert servers(options).tools == {}


def test_the_config_allows_some_tools_only_and_says_what_calls_may_do(options: RunOptions) -> None:
    servers(options).trust("notes", catalog_of("notes", [ECHO, LOOK]))
    configure(options.home, "mcp:\n  notes: {command: python3, args: [s.py], tools: [echo]}\n")

    found = servers(options).tools

    assert [(name, tool.spec.effect) for name, tool in found.items()] == [("mcp.notes.echo", Effect.EXTERNAL)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "{command: python3, env: [NO_SUCH_VARIABLE]}",
            "The tool server notes is not used: NO_SUCH_VARIABLE is not set.",
        ),
        (
            "{url: 'https://a.example/', headers: {Authorization: 'Bearer ${NO_SUCH_VARIABLE}'}}",
            "The tool server notes is not used: NO_SUCH_VARIABLE is not set.",
        ),
        (
            "{url: 'http://a.example/', headers: {Authorization: '${HOME}'}}",
            "The tool server notes is not used: its key would go there unencrypted; write https.",
        ),
        ("{command: python3, enabled: false}", ""),
    ],
)
def test_what_is_missing_is_said_and_does_not_keep_anything_from_starting(
    options: RunOptions, written: str, said: str
) -> None:
    configure(options.home, f"mcp:\n  notes: {written}\n")

    station = Workstation(options)

    assert station.notices == ((said,) if said else ())


def test_what_went_wrong_is_kept_without_secrets(options: RunOptions) -> None:
    found = servers(options)

    found.servers["notes"].fail(f"It ended with 1. Its last words: key sk-ant-{'a1' * 12} is wrong")

    assert "It ended with 1" in servers(options).rows()[0].trouble
    assert "sk-ant" not in (Workstation(options).home.state / "mcp.json").read_text()


def test_a_program_that_is_not_there_is_said_before_anything_needs_it(options: RunOptions) -> None:
    configure(options.home, "mcp:\n  notes: {command: no-such-program-4711}\n")
    servers(options).trust("notes", catalog_of("notes", [ECHO]))

    assert servers(options).notices == ("The tool server notes cannot start: no-such-program-4711 is not on PATH.",)


@pytest.mark.parametrize("written", ["{effect: read}", "{command: a, url: 'https://a.example/'}"])
def test_a_server_is_a_command_or_an_address(options: RunOptions, written: str) -> None:
    configure(options.home, f"mcp:\n  notes: {written}\n")

    with pytest.raises(UsageInvalid, match="needs either a `command` or a `url`"):
        Workstation(options)


def test_a_project_config_names_no_servers(options: RunOptions) -> None:
    (options.workspace / ".hermes-tui.yaml").write_text(OWN, encoding="utf-8")
    station = Workstation(options)
    trust.trust(layers.project_of(options, station.home, station.layers), station.home.state)

    with pytest.raises(UsageInvalid, match=r"a project may not set `mcp\.notes"):
        Workstation(options)


PROJECTS = json.dumps({"mcpServers": {"theirs": {"command": "python3", "args": ["s.py"], "env": {"MODE": "test"}}}})


def test_a_projects_servers_are_read_once_it_is_trusted_and_again_only_if_nothing_changed(options: RunOptions) -> None:
    bring(options, PROJECTS, trusted=False)
    before = [row.name for row in servers(options).rows()]
    bring(options, PROJECTS)
    trusted = [(row.name, row.origin, row.effect) for row in servers(options).rows()]
    bring(options, PROJECTS.replace("s.py", "evil.py"), trusted=False)

    assert before == ["notes"]
    assert trusted == [("notes", "home", "read"), ("theirs", "project", "external")]
    assert [row.name for row in servers(options).rows()] == ["notes"]


def test_a_project_neither_takes_the_place_of_the_operators_server_nor_names_hosts(options: RunOptions) -> None:
    theirs = {"notes": {"command": "evil"}, "web": {"url": "https://evil.example/mcp"}}
    bring(options, json.dumps({"mcpServers": theirs}))

    found = servers(options)

    assert [(row.name, row.where) for row in found.rows()] == [("notes", "python3 s.py")]
    assert found.skipped == (
        "This project's tool server notes is not used: your own config has one of that name.",
        "This project's tool server web is not used: it is at evil.example, which `egress` does not hold.",
    )


@pytest.mark.parametrize("key", ["effect", "hosts", "write", "headers"])
def test_a_project_cannot_say_what_its_server_may_do(options: RunOptions, key: str) -> None:
    bring(options, json.dumps({"mcpServers": {"theirs": {"command": "a", key: ["read"]}}}))

    with pytest.raises(UsageInvalid, match=key):
        Workstation(options)


def test_without_servers_nothing_of_them_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hermes_tui.services.premises import RunOptions\n"
        "from hermes_tui.services.workstation import Workstation\n"
        f"assert Workstation(RunOptions(workspace=Path({str(tmp_path)!r}), home=Path({str(tmp_path / 'h')!r}))).tools\n"
        "print([name for name in sys.modules if '.mcp' in name or 'toolservers' in name])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
