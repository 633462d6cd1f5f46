"""Output that cannot be written: a reader that went away is no failure, a full disk is one; both are said plainly."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.interfaces.processes import COMMAND, Shop, shop, without_traceback

__all__ = ["shop"]

FULL = Path("/dev/full")
READ = "  - {id: look, kind: tool, title: look, use: read, args: {path: note.txt}}\n"
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def run(shop: Shop, *args: str, stdout: int) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, its output going where `stdout` points."""
    return subprocess.run(
        [*COMMAND, *args],
        env=shop.environment(),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )


def full(shop: Shop, *args: str) -> subprocess.CompletedProcess[str]:
    """Run one command whose output goes to a disk that is full."""
    with FULL.open("wb") as disk:
        return run(shop, *args, stdout=disk.fileno())


def unread(shop: Shop, *args: str) -> subprocess.CompletedProcess[str]:
    """Run one command whose output nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return run(shop, *args, stdout=writing)
    finally:
        os.close(writing)


@needs_full
@pytest.mark.parametrize("args", [["--version"], ["--help"], ["config", "explain", "ui.theme"]], ids=" ".join)
def test_a_command_whose_output_does_not_fit_on_the_disk_says_so_and_ends_1(shop: Shop, args: list[str]) -> None:
    ran = full(shop, *args)

    assert without_traceback(ran) == {"code": 1, "said": "hermes: The output: No space left on device.\n"}


@pytest.mark.parametrize("args", [["--help"], ["config", "explain", "ui.theme"]], ids=" ".join)
def test_a_command_whose_output_nobody_reads_ends_0_without_a_word(shop: Shop, args: list[str]) -> None:
    ran = unread(shop, *args)

    assert without_traceback(ran) == {"code": 0, "said": ""}


@needs_full
@pytest.mark.parametrize("form", ["text", "json", "stream-json"])
def test_a_run_whose_result_does_not_fit_on_the_disk_goes_on_to_its_end_and_ends_3(shop: Shop, form: str) -> None:
    (shop.work / "note.txt").write_text("A note.\n", encoding="utf-8")

    ran = full(shop, "--batch", str(shop.goal(READ)), "-C", str(shop.work), "--output-format", form)

    assert without_traceback(ran)["code"] == 3
    assert ran.stderr.count("the output cannot be written: No space left on device. The run goes on.") == 1
    (kept,) = shop.json("sessions", "list", "--json")
    assert kept["status"] == "done"


def test_a_run_whose_result_nobody_reads_goes_on_to_its_end_and_keeps_its_code(shop: Shop) -> None:
    (shop.work / "note.txt").write_text("A note.\n", encoding="utf-8")

    ran = unread(shop, "--batch", str(shop.goal(READ)), "-C", str(shop.work), "--output-format", "stream-json")

    assert without_traceback(ran)["code"] == 0
    assert ran.stderr.count("nobody reads the output any more; the run goes on.") == 1
    (kept,) = shop.json("sessions", "list", "--json")
    assert kept["status"] == "done"


@needs_full
def test_where_errors_do_not_fit_on_the_disk_the_code_still_tells(shop: Shop) -> None:
    with FULL.open("wb") as disk:
        argv = [*COMMAND, "--batch", "missing.md"]
        ran = subprocess.run(argv, env=shop.environment(), stdin=subprocess.DEVNULL, stderr=disk, timeout=60)

    assert ran.returncode == 2
