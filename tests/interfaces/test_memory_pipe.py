"""The pipe through the command line: one JSON object in, one out, whatever is sent."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from hermes_tui.services.memory.pipe import instant


def ask(*lines: str) -> list[dict[str, Any]]:
    """Return the answer to each line."""
    argv = [sys.executable, "-m", "hermes_tui", "memory", "pipe"]
    done = subprocess.run(argv, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def ingest(items: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"op": "ingest", "items": items})


def turn(number: int, text: str, ts: str = "1:56 pm on 8 May, 2023") -> dict[str, Any]:
    return {"id": f"D1:{number}", "text": text, "speaker": "Ada", "ts": ts, "session": "s1", "turn": number}


def test_a_turn_that_was_ingested_is_found_best_first() -> None:
    answers = ask(
        json.dumps({"op": "reset"}),
        ingest([turn(2, "The lighthouse lens was cracked"), turn(1, "Good morning")]),
        json.dumps({"op": "search", "query": "What was cracked?", "k": 1, "now": "2023-10-22T09:55:00"}),
    )

    assert answers == [{}, {}, {"ids": ["D1:2"]}]


def test_a_reset_forgets_and_a_mistake_does_not_end_it() -> None:
    answers = ask(
        ingest([turn(1, "The lighthouse lens was cracked")]),
        "no json",
        "[]",
        json.dumps({"op": "dance"}),
        json.dumps({"op": "search", "query": "lens", "k": 0}),
        json.dumps({"op": "ingest", "items": [{"id": 1}]}),
        json.dumps({"op": "ingest", "items": [turn(2, "x", ts="someday")]}),
        json.dumps({"op": "search", "query": "lens", "k": 5}),
        json.dumps({"op": "reset"}),
        json.dumps({"op": "search", "query": "lens", "k": 5}),
    )

    assert answers[0] == {}
    assert ["error" in answer for answer in answers[1:7]] == [True] * 6
    assert answers[7:] == [{"ids": ["D1:1"]}, {}, {"ids": []}]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2023-05-08T13:56:00", 1683554160.0),
        ("2023-05-08T13:56:00+02:00", 1683546960.0),
        ("1:56 pm on 8 May, 2023", 1683554160.0),
        (1683554160, 1683554160.0),
    ],
)
def test_times_are_read_as_machines_and_people_write_them(text: object, seconds: float) -> None:
    assert instant(text) == seconds
