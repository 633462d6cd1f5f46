"""The live probes by which `hermes doctor` proves a level."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.capabilities.sandbox.probes import prove
from tests.capabilities.sandbox.conftest import Box

if TYPE_CHECKING:
    import pytest

PROBES = (
    *("reading outside", "writing outside", "guarded files", "network", "sockets", "environment", "namespaces"),
    *("descriptors", "system calls", "limits"),
)


async def test_a_sandbox_that_confines_holds_every_probe(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_KEY", "planted")

    proofs = await prove(box.sandbox, box.root, [box.root / ".git" / "config"])

    assert tuple(proof.name for proof in proofs) == PROBES
    assert [proof for proof in proofs if proof.open] == []


async def test_the_weakest_level_is_caught_at_what_it_does_not_hold(tmp_path: Path) -> None:
    guarded = tmp_path / "config.yaml"
    guarded.write_text("version: 1\n")
    sandbox = await find_sandbox(tmp_path, level="limits")

    proofs = await prove(sandbox, tmp_path, [guarded])

    held = {proof.name for proof in proofs if not proof.open}
    assert {"environment", "descriptors", "limits"} <= held
    assert {"reading outside", "writing outside", "guarded files", "network", "namespaces"}.isdisjoint(held)
    assert guarded.read_text() == "version: 1\n"
