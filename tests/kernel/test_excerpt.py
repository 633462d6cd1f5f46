"""Long outputs: what a model reads of them is short, and what tells of trouble is in it, wherever it stood."""

from __future__ import annotations

import random

import pytest

from hermes_tui.domain.events import ToolFinished
from hermes_tui.domain.messages import ToolResult
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.kernel import budget
from hermes_tui.kernel.excerpt import DIGEST_BYTES, DIGEST_OVER, shortened, trouble
from tests.kernel.bench import FakeProvider, FakeTool, KernelBench, ask_for, say

PLANTED = "2026-11-21T11:00:00Z ERROR db: duplicate key value violates unique constraint users_email_key"
MEGABYTE = 1_000_000


def log(seed: int, planted: str = PLANTED) -> str:
    """Return a log of a megabyte with one line that matters, thousands that look alike, and hundreds of warnings."""
    dice = random.Random(seed)
    lines = [
        f"2026-11-21T10:{dice.randint(0, 59):02}Z INFO worker-{n % 8} request {n} took {n % 99} ms errors=0"
        for n in range(15_500)
    ]
    lines += [f"2026-11-21T10:{n % 60:02}Z WARN slow query {n}, no errors" for n in range(800)]
    dice.shuffle(lines)
    lines.insert(dice.randint(2_000, 12_000), planted)
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "planted",
    [
        PLANTED,
        "Traceback (most recent call last): in worker 7",
        "kernel: Out of memory: Killed process 4711 (python3)",
        "sqlalchemy.exc.IntegrityError: (sqlite3) UNIQUE constraint",
        "ORA-00060: deadlock detected while waiting for resource",
        "make: *** [Makefile:12: all] Segmentation fault",
    ],
)
def test_of_a_megabyte_a_model_reads_1500_tokens_at_most_and_the_line_that_matters(planted: str, seed: int) -> None:
    text = log(seed, planted)

    read = shortened(text, 30_000, "/kept/output.txt")

    number = text.split("\n").index(planted) + 1
    assert len(text) > MEGABYTE
    assert len(read.encode()) / budget.BYTES_PER_TOKEN <= 1_500
    assert f"\n{number}: {planted}\n" in read
    assert "all of it: read /kept/output.txt" in read
    assert (read[:200], read[-200:]) == (text[:200], text[-200:])


def test_lines_that_are_alike_are_shown_once_and_the_rare_and_bad_before_the_rest() -> None:
    lines = [f"warning: part {n} is old" for n in range(500)] + ["FATAL: disk 3 is gone", "error: no part 7"]

    assert trouble("\n".join(lines), 200) == "\n".join(
        ("1: warning: part 0 is old (×500)", "501: FATAL: disk 3 is gone", "502: error: no part 7")
    )
    assert trouble("\n".join(lines), 60, before=10) == "511: FATAL: disk 3 is gone\n512: error: no part 7"
    assert trouble("all is well\n", 200) == ""
    assert trouble("error", 3) == ""


@pytest.mark.parametrize("size", [1_200, DIGEST_OVER, DIGEST_OVER + 1, 400_000])
@pytest.mark.parametrize("letter", ["x", "ß", "語"])
def test_what_is_read_is_never_longer_than_allowed(size: int, letter: str) -> None:
    read = shortened(letter * size, 1_000, "/kept/output.txt")

    assert len(read) <= 1_000
    assert size <= DIGEST_OVER or len(read.encode()) <= DIGEST_BYTES


async def test_a_long_output_enters_the_window_as_a_digest_and_is_kept_whole() -> None:
    async def cat(arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
        assert (arguments, context.key != "") == ({}, True)
        return ToolOutcome(output=log(1), data="null")

    kernel = KernelBench(
        provider=FakeProvider([ask_for(("cat", {})), say("There is a duplicate key.")]),
        tools={"cat": FakeTool("cat", cat)},
    )
    kernel.start()
    await kernel.run()

    (finished,) = kernel.bodies(ToolFinished)
    results = [part for one in kernel.said_to_model() for part in one.content if isinstance(part, ToolResult)]
    assert isinstance(finished, ToolFinished)
    assert [len(one.output) <= 1_000 and PLANTED in one.output for one in results] == [True]
    assert list(kernel.artifacts.kept.values()) == [log(1).encode()]
    assert finished.artifact == f"artifacts/{next(iter(kernel.artifacts.kept))}"
