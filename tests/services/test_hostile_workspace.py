"""What a workspace may hold against those who read it on the host: links out, pipes, holes, nests without end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.database import IndexDatabase
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.sandbox.local import LimitsOnly
from hermes_tui.capabilities.state.images import ImageStore
from hermes_tui.capabilities.tools._walk import walk
from hermes_tui.domain.ports import Workspace
from hermes_tui.domain.tasks import Criterion, CriterionKind
from hermes_tui.services import criteria, instructions, outputs, wiring
from hermes_tui.services.memory.documents import Documents

SECRET = "the-operators-own-secret-4711"
LEVELS = 1_200
"""Deeper than Python calls may be nested."""
TERABYTES = 1 << 43


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A workspace beside a secret; emptied by `rm`, which nests as deep as it must."""
    root = tmp_path.resolve() / "work"
    (root / "artifacts").mkdir(parents=True)
    (root.parent / "secret").write_text(SECRET)
    yield root
    subprocess.run(["rm", "-rf", str(root)], check=True)


def nest(top: Path) -> Path:
    """Make folders in folders, too many for a path; return the last that has one."""
    descriptor = os.open(top, os.O_RDONLY)
    for _ in range(LEVELS):
        os.mkdir("deep", dir_fd=descriptor)
        inner = os.open("deep", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(os.open("last.md", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)
    return top


def full_of_holes(path: Path) -> Path:
    """Make a file that says it is terabytes long."""
    with path.open("wb") as file:
        file.truncate(TERABYTES)
    return path


def system_text(root: Path) -> str:
    """Return what a model is told at first in this workspace."""
    return instructions.system_text(root, (), project_bytes=1_000, memory_bytes=1_000)


async def checked(root: Path, kind: CriterionKind, name: str, expected: str = "") -> tuple[bool, str]:
    """Return what a criterion about a file says."""
    criterion = Criterion(kind=kind, subject=name, expected=expected)
    found = await criteria.check(
        criterion, LimitsOnly("a test", ""), Workspace(root=root, write=(root,)), wiring.misfit
    )
    return found.ok, found.evidence


@pytest.mark.parametrize("leads", ["../secret", "/proc/self/environ", "/proc/self/maps"])
def test_instructions_that_lead_out_of_the_project_are_left_out(root: Path, leads: str) -> None:
    (root / "AGENTS.md").symlink_to(leads)
    naive = (root / "AGENTS.md").read_text()

    told = system_text(root)

    assert naive
    assert naive[:40] not in told
    assert "left out: it leads out" in told


def test_instructions_may_be_a_link_within_the_project(root: Path) -> None:
    (root / "docs").mkdir()
    (root / "docs" / "agents.md").write_text("Use tabs.")
    (root / "AGENTS.md").symlink_to("docs/agents.md")

    assert "Use tabs." in system_text(root)


def test_instructions_without_an_end_are_cut(root: Path) -> None:
    full_of_holes(root / "AGENTS.md")

    assert f"of {TERABYTES:,} bytes left out" in system_text(root)


async def test_a_criterion_tells_nothing_of_what_lies_outside(root: Path) -> None:
    (root / "schema").write_text('{"type": "object"}')
    (root / "result").symlink_to("../secret")

    fits = await checked(root, CriterionKind.JSON, "result", "schema")
    contains = await checked(root, CriterionKind.CONTAINS, "result", SECRET)

    assert (fits, contains) == ((False, "result is not there"), (False, "result is not there"))


async def test_a_criterion_waits_for_no_pipe(root: Path) -> None:
    os.mkfifo(root / "result")

    assert await checked(root, CriterionKind.CONTAINS, "result", "x") == (False, "result is not there")


async def test_a_criterion_looks_at_the_start_of_a_file_without_an_end(root: Path) -> None:
    full_of_holes(root / "result")

    ok, evidence = await checked(root, CriterionKind.CONTAINS, "result", "x")

    assert (ok, evidence) == (False, f"not in {criteria.MOST_BYTES:,} characters")


def test_deliveries_are_found_beside_a_nest_a_pipe_a_link_and_a_file_of_holes(root: Path) -> None:
    folder = root / "artifacts"
    nest(folder)
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("../../secret")
    full_of_holes(folder / "zeros")
    (folder / "report.md").write_text("done")

    made = outputs.deliveries(root, 0.0)

    assert [artifact.path for artifact in made] == ["artifacts/report.md"]


def test_deliveries_through_a_link_are_none(root: Path) -> None:
    (root / "artifacts").rmdir()
    (root / "artifacts").symlink_to("..")

    assert outputs.deliveries(root, 0.0) == ()


async def test_an_image_is_taken_of_a_workspace_with_a_nest(root: Path) -> None:
    nest(root / "artifacts")
    store = ImageStore(root.parent / "images", root)
    (root / "kept").write_text("old")

    image = await store.take([root])
    (root / "kept").write_text("new")

    assert [change.path for change in await store.restore(image)] == ["kept"]


def test_documents_are_read_beside_a_nest_a_pipe_and_a_link(root: Path) -> None:
    nest(root / "artifacts")
    os.mkfifo(root / "pipe.md")
    (root / "link.md").symlink_to("../secret")
    (root / "notes.md").write_text("The plans are drawn on Fridays.")
    database = IndexDatabase(root.parent / "index.db")

    found = Documents(MemoryIndex(database), root.parent / "roots.json", lambda: 0.0).ingest(root)

    database.close()
    assert (found.new, found.problems) == (1, ())


def test_a_folder_is_walked_beside_a_nest_and_a_gitignore_that_is_a_pipe_or_leads_out(root: Path) -> None:
    nest(root / "artifacts")
    os.mkfifo(root / ".gitignore")
    (root / "artifacts" / ".gitignore").symlink_to("../../secret")

    found = [each.name for each in walk(root, 3)]

    assert found == [".gitignore", "artifacts", "artifacts/.gitignore", "artifacts/deep", "artifacts/deep/deep"]


def test_rules_without_end_are_tried_within_bounds(root: Path) -> None:
    (root / ".gitignore").write_text("".join(f"{n:04}*x\n" for n in range(1_000)))
    (root / "0999x").touch()
    (root / "0001x").touch()

    assert [each.name for each in walk(root, 1)] == [".gitignore", "0999x", "artifacts"]


@pytest.mark.parametrize(("name", "evidence"), [("a" * 300, "File name too long"), ("docs", "docs is no file")])
async def test_a_file_that_cannot_be_there_is_a_criterion_that_does_not_hold(
    root: Path, name: str, evidence: str
) -> None:
    (root / "docs").mkdir()

    ok, said = await checked(root, CriterionKind.FILE, name)

    assert (ok, said.endswith(evidence)) == (False, True)
