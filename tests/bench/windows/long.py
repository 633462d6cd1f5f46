"""Long sessions: typing while a reply streams into 5,000 messages, taking up 500 steps, and turns without end."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.bench.bench import Bench
from tests.bench.figures.growth import turn_events
from tests.bench.peers import codex, textual_log
from tests.bench.programs import ProgramFailed, environment, hermes
from tests.bench.rows import Bar, Row, Samples
from tests.bench.stations import PLACE, open_journal
from tests.bench.windows.start import READY
from tests.bench.windows.turn import MODEL, STEADY, answer
from tests.bench.windows.window import Window, window
from tests.fakes.running import running_server
from tests.fakes.scenario import Scenario
from tests.fakes.server import FakeServer

MESSAGES: Final = 5_000
STEPS: Final = 500
KEYS: Final = "qzxjqzxjqzxjqzxjqzxj"
BETWEEN_S: Final = 0.12
"""Keys come as from a quick typist."""
SOAK_TURNS: Final = 40
WORDS: Final = "some words of a turn " * 20


def typing(bench: Bench) -> list[Row]:
    """Type into a stream: ours in a long session, a bare log of as many lines, Codex in an empty session."""
    runs = max(bench.runs, 3)
    session, binary = _session(bench, MESSAGES // 2), codex.find()
    with running_server(Scenario(respond=answer, models=(MODEL,))) as server:
        ours = Samples(tuple(_ours_p95_ms(bench, server, session) for _ in range(runs)))
        bare = Samples(tuple(_bare_p95_ms(bench) for _ in range(runs)))
        what = f"key until echo while a reply streams into {MESSAGES:,} messages, p95"
        bar = Bar(value=1.0, ratio=True)
        beside = Row(
            figure="workstation", what=what, unit="ms", ours=ours, baseline=bare, against="ms bare Log", bar=bar
        )
        what = f"{what}; Codex in an empty session"
        if binary is None:
            return [beside, Row(figure="workstation", what=what, unit="ms", note=f"Codex {codex.ABSENT}")]
        try:
            theirs = Samples(tuple(_codex_p95_ms(bench, binary, server) for _ in range(runs)))
        except ProgramFailed as error:
            note = f"Codex did not stream: {str(error)[-200:]}".replace("\n", " ")
            return [beside, Row(figure="workstation", what=what, unit="ms", note=note)]
        return [
            beside,
            Row(figure="workstation", what=what, unit="ms", ours=ours, baseline=theirs, against="ms Codex", bar=bar),
        ]


def resumed(bench: Bench) -> list[Row]:
    """Open a session of many steps, beside an empty one."""
    home = _session(bench, STEPS)
    taken = [_resumed(bench, home) for _ in range(max(bench.runs, 3))]
    return [
        Row(
            figure="workstation",
            what=f"{STEPS} steps resumed, their end on screen",
            unit="s",
            ours=Samples(tuple(one for one, _ in taken)),
            bar=Bar(value=0.8),
        ),
        Row(
            figure="workstation",
            what=f"memory that {STEPS} resumed steps add (PSS)",
            unit="MiB",
            ours=Samples(tuple(one for _, one in taken)),
            bar=Bar(value=10),
        ),
    ]


def soak(bench: Bench) -> list[Row]:
    """Let turns follow each other: two hours of one every three minutes, without the waiting."""
    with running_server(Scenario(respond=answer, models=(MODEL,))) as server:
        grown = Samples((_soak_kib(bench, server),))
    return [Row(figure="workstation", what=f"growth a turn, over {SOAK_TURNS} turns", unit="KiB", ours=grown)]


def _session(bench: Bench, turns: int) -> Path:
    """Return a home whose session `bench` holds so many turns; the last one says so."""
    home = bench.new_folder("long-home")
    with open_journal(home / "state") as journal:

        async def talk() -> None:
            events = [event for number in range(turns) for event in turn_events(WORDS, number)]
            records = [journal.append(event, PLACE) for event in (*events, *turn_events(f"{WORDS}atlast", turns))]
            await journal.durable(records[-1].seq)

        asyncio.run(talk())
    return home


def _env(home: Path, server: FakeServer | None = None) -> dict[str, str]:
    more = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "fake"} if server is not None else {}
    return environment(HERMES_TUI_HOME=str(home), **more)


def _p95_ms(opened: Window, before: Callable[[], object]) -> float:
    """Type one key after the other; return how late the slow ones were drawn."""
    before()
    late: list[float] = []
    for at, key in enumerate(KEYS):
        opened.read_for(BETWEEN_S)
        seen = len(opened.raw)
        typed = opened.type(key)
        late.append(1000 * (opened.until_said(KEYS[max(0, at) : at + 1], after=seen) - typed))
    return statistics.quantiles(late, n=20)[-1]


def _ours_p95_ms(bench: Bench, server: FakeServer, home: Path) -> float:
    argv = hermes("-m", f"openai:{MODEL}", "--mode", "auto", "--resume", "bench")
    with window(argv, _env(home, server), bench.new_folder("typing")) as opened:
        opened.until_said(READY)
        opened.settle()

        def ask() -> None:
            opened.type("go steady\r")
            opened.until_said("00010", after=len(opened.raw))

        return _p95_ms(opened, ask)


def _bare_p95_ms(bench: Bench) -> float:
    argv = [sys.executable, str(Path(textual_log.__file__)), str(MESSAGES), str(STEADY)]
    with window(argv, environment(), bench.new_folder("bare")) as opened:
        opened.until_said("word10")
        return _p95_ms(opened, lambda: None)


def _codex_p95_ms(bench: Bench, binary: str, server: FakeServer) -> float:
    workspace = bench.new_folder("typing-codex")
    peer = codex.Codex(binary, bench.new_folder("codex-typing"), workspace)
    peer.prepare(server.openai_url, MODEL)
    peer.trust()
    with window([binary], peer.env(), workspace) as opened:
        opened.until(lambda: opened.takes_keys, "a first frame")
        opened.settle()

        def ask() -> None:
            for letter in "go steady":
                opened.type(letter)
                opened.read_for(BETWEEN_S)
            # Enter too soon after a letter is taken for part of a paste.
            opened.read_for(1.0)
            opened.type("\r")
            opened.until_said("00010", after=len(opened.raw))

        return _p95_ms(opened, ask)


def _resumed(bench: Bench, home: Path) -> tuple[float, float]:
    folder = bench.new_folder("resume")
    with window(hermes(), _env(home), folder) as opened:
        opened.until_said(READY)
        opened.read_for(3.0)
        empty = opened.pss_mib()
    with window(hermes("--resume", "bench"), _env(home), folder) as opened:
        shown = opened.until_said("atlast") - opened.began
        opened.read_for(3.0)
        return shown, opened.pss_mib() - empty


def _soak_kib(bench: Bench, server: FakeServer) -> float:
    """Return what a turn adds once the first ones have warmed everything up."""
    argv = hermes("-m", f"openai:{MODEL}", "--mode", "auto")
    with window(argv, _env(bench.new_folder("soak-home"), server), bench.new_folder("soak")) as opened:
        opened.until_said(READY)
        opened.settle()
        weights: list[float] = []
        for turn in range(SOAK_TURNS):
            seen = len(opened.raw)
            opened.type(f"turn {turn}\r")
            opened.until_said("firsttoken", after=seen)
            opened.settle(0.4)
            weights.append(opened.own_mib())
        return 1024 * (weights[-1] - weights[SOAK_TURNS // 4]) / (SOAK_TURNS * 3 / 4)
