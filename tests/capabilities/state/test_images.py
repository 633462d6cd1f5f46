"""Before-images: whatever a call did to files, they come back as they were."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_tui.capabilities.state import early_writes, survey
from hermes_tui.capabilities.state.images import ImageStore
from hermes_tui.domain.errors import PathRefused, ToolError

Tree = dict[str, tuple[str, int]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "work"
    (root / "src" / "deep").mkdir(parents=True)
    (root / "src" / "a.py").write_text("a = 1\n")
    (root / "src" / "deep" / "b.py").write_text("b = 1\n")
    (root / "src" / "run.sh").write_text("#!/bin/sh\n")
    (root / "src" / "run.sh").chmod(0o755)
    (root / "src" / "link").symlink_to("a.py")
    (root / "src" / "empty").mkdir()
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref\n")
    return root


@pytest.fixture
def store(tmp_path: Path, root: Path) -> ImageStore:
    return ImageStore(tmp_path / "state" / "images", root)


def tree(root: Path) -> Tree:
    found: Tree = {}
    for path in sorted(root.rglob("*")):
        mode = path.lstat().st_mode
        content = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else ""
        found[str(path.relative_to(root))] = (content, mode)
    return found


def sizes(folder: Path) -> list[int]:
    return [file.stat().st_size for file in folder.rglob("*") if file.is_file()]


async def test_everything_comes_back(store: ImageStore, root: Path, tmp_path: Path) -> None:
    before = tree(root)
    image = await store.take([root])
    assert await store.changes(image) == ()
    (root / "src" / "a.py").write_text("a = 2\n")
    (root / "src" / "deep" / "b.py").unlink()
    (root / "src" / "deep").rmdir()
    (root / "src" / "run.sh").chmod(0o644)
    (root / "src" / "link").unlink()
    (root / "src" / "link").symlink_to("/etc/passwd")
    (root / "src" / "empty").rmdir()
    (root / "src" / "empty").write_text("a file now")
    (root / "new" / "er").mkdir(parents=True)
    (root / "new" / "er" / "c.py").write_text("c")
    changes = {change.path: change.change for change in await store.changes(image)}
    assert changes == {
        "src/a.py": "modified",
        "src/deep/b.py": "deleted",
        "src/run.sh": "modified",
        "src/link": "modified",
        "src/empty": "created",
        "new/er/c.py": "created",
    }
    undone = {change.path: change.change for change in await store.restore(image)}
    assert undone["new/er/c.py"] == "deleted"
    assert undone["src/deep/b.py"] == "created"
    assert tree(root) == before
    assert await store.changes(image) == ()
    assert await store.restore(image) == ()
    again = ImageStore(tmp_path / "state" / "images", root)
    assert await again.take([root]) == image


async def test_a_file_that_did_not_exist(store: ImageStore, root: Path) -> None:
    target = root / "out" / "made.txt"
    image = await store.take([target])
    target.parent.mkdir()
    target.write_text("x")
    assert [change.change for change in await store.restore(image)] == ["deleted"]
    assert tree(root)["out"][0] == ""
    assert "out/made.txt" not in tree(root)


async def test_a_long_file_is_kept_once_and_nothing_is_left_besides(
    store: ImageStore, root: Path, tmp_path: Path
) -> None:
    first, second = root / "long", root / "twin"
    first.write_bytes(content := os.urandom(early_writes.WORTH_BYTES))
    second.write_bytes(content)

    image = await store.take([first])
    await store.take([second])
    first.unlink()
    await store.restore(image)

    assert first.read_bytes() == content
    assert [size for size in sizes(tmp_path / "state" / "images" / "kept") if size >= len(content)] == [len(content)]


async def test_a_file_replaced_by_a_folder_and_a_folder_by_a_file(store: ImageStore, root: Path) -> None:
    before = tree(root)
    image = await store.take([root / "src"])
    (root / "src" / "a.py").unlink()
    (root / "src" / "a.py").mkdir()
    (root / "src" / "a.py" / "inner").write_text("x")
    (root / "src" / "deep" / "b.py").unlink()
    (root / "src" / "deep").rmdir()
    (root / "src" / "deep").write_text("x")
    await store.restore(image)
    assert tree(root) == before


async def test_nothing_is_written_through_a_link(store: ImageStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path.resolve() / "outside"
    outside.mkdir()
    (outside / "b.py").write_text("theirs")
    image = await store.take([root / "src"])
    file_image = await store.take([root / "src" / "deep" / "b.py"])
    (root / "src" / "deep" / "b.py").unlink()
    (root / "src" / "deep").rmdir()
    (root / "src" / "deep").symlink_to(outside)
    with pytest.raises(PathRefused):
        await store.restore(file_image)
    await store.restore(image)
    assert (outside / "b.py").read_text() == "theirs"
    assert (root / "src" / "deep" / "b.py").read_text() == "b = 1\n"


async def test_same_size_and_time_are_not_enough_to_hide_a_change(store: ImageStore, root: Path) -> None:
    path = root / "src" / "a.py"
    os.utime(path, ns=(10**18, 10**18))
    image = await store.take([root])
    path.write_text("a = 9\n")
    os.utime(path, ns=(10**18, 10**18))
    assert [change.path for change in await store.changes(image)] == ["src/a.py"]


async def test_big_files_are_not_copied_and_named_when_written_in_place(
    store: ImageStore, root: Path, tmp_path: Path
) -> None:
    big, small = root / "big.bin", root / "src" / "a.py"
    big.write_bytes(b"\0" * (survey.KEPT_BYTES + 1))
    image = await store.take([root])
    big.write_bytes(b"\1" * (survey.KEPT_BYTES + 1))
    small.write_text("changed")
    assert {change.path for change in await store.changes(image)} == {"big.bin", "src/a.py"}
    with pytest.raises(ToolError, match=r"big\.bin"):
        await store.restore(image)
    assert small.read_text() == "a = 1\n"
    assert big.stat().st_nlink == 2
    assert sorted(sizes(tmp_path / "state"))[-2] < survey.KEPT_BYTES


async def test_a_big_file_that_was_deleted_or_replaced_comes_back_without_a_copy(store: ImageStore, root: Path) -> None:
    content = b"\0" * (survey.KEPT_BYTES + 1)
    for name in ("deleted.bin", "replaced.bin"):
        (root / name).write_bytes(content + name.encode())
    image = await store.take([root])
    (root / "deleted.bin").unlink()
    (root / "replaced.bin").unlink()
    (root / "replaced.bin").write_text("other")

    await store.restore(image)

    assert all((root / name).read_bytes() == content + name.encode() for name in ("deleted.bin", "replaced.bin"))


async def test_ignored_folders_stay_as_they_are(store: ImageStore, root: Path) -> None:
    image = await store.take([root])
    (root / ".git" / "HEAD").write_text("moved\n")
    (root / "node_modules").mkdir()
    (root / "node_modules" / "x.js").write_text("x")
    assert await store.restore(image) == ()
    assert (root / ".git" / "HEAD").read_text() == "moved\n"
    assert (root / "node_modules" / "x.js").exists()


def test_a_survey_hands_out_what_it_read_as_far_as_it_may(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name * 60)
    surveyor = survey.Surveyor()

    found = surveyor.survey([tmp_path], held_bytes=100)

    assert list(found.contents.values()) == [b"a" * 60]
    assert found.entries[str(tmp_path / "a")].sha256 in found.contents
    assert surveyor.survey([tmp_path]).contents == {}


async def test_too_many_entries_never_delete(store: ImageStore, root: Path) -> None:
    store._surveyor = survey.Surveyor(most=3)
    image = await store.take([root])
    (root / "new").write_text("x")
    await store.restore(image)
    assert (root / "new").exists()


async def test_an_image_that_is_gone(store: ImageStore) -> None:
    with pytest.raises(ToolError, match="cannot be read"):
        await store.restore("../../etc")


async def test_a_home_inside_the_scope_is_no_part_of_an_image(root: Path) -> None:
    home = root / "home"
    (home / "state").mkdir(parents=True)
    (home / "state" / "ledger.db-shm").write_text("old")
    store = ImageStore(home / "state" / "images", root, skip=(home,))
    image = await store.take([root])
    (home / "state" / "ledger.db-shm").write_text("new")
    (root / "src" / "a.py").write_text("changed")

    changes = await store.restore(image)

    assert [change.path for change in changes] == ["src/a.py"]
    assert (home / "state" / "ledger.db-shm").read_text() == "new"


async def test_an_image_of_the_first_layout_is_still_put_back(store: ImageStore, root: Path, tmp_path: Path) -> None:
    path, content = root / "src" / "a.py", b"a = 1\n"
    name, sha256 = "0" * 32, hashlib.sha256(content).hexdigest()
    kept = tmp_path / "state" / "images"
    (kept / "manifests").mkdir(parents=True)
    (kept / "objects" / sha256[:2]).mkdir(parents=True)
    (kept / "objects" / sha256[:2] / sha256).write_bytes(content)
    entry = {"kind": "file", "mode": path.stat().st_mode & 0o777, "sha256": sha256, "link": "", "kept": True}
    image = {"targets": [str(path)], "entries": {str(path): entry}, "whole": True}
    (kept / "manifests" / f"{name}.json").write_text(json.dumps(image))
    unchanged = await store.changes(name)
    path.write_text("changed")

    undone = await store.restore(name)

    assert unchanged == ()
    assert [change.path for change in undone] == ["src/a.py"]
    assert path.read_bytes() == content


async def test_a_file_of_holes_is_no_work_and_its_change_is_seen(store: ImageStore, root: Path) -> None:
    huge = root / "huge"
    with huge.open("wb") as file:
        file.truncate(1 << 43)
    image = await store.take([root])
    with huge.open("r+b") as file:
        file.seek(1 << 42)
        file.write(b"x")

    assert [change.path for change in await store.changes(image)] == ["huge"]


def ended(trace: str) -> list[str]:
    """Return the system calls of all threads in the order in which they ended, each with its words."""
    begun: dict[str, str] = {}
    calls: list[str] = []
    for line in trace.splitlines():
        thread, _, call = line.partition(" ")
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.strip()
        else:
            calls.append(begun.pop(thread, call.strip()))
    return calls


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace says what was synced, and when")
def test_all_of_an_image_is_on_disk_before_anyone_is_told_of_it(root: Path, tmp_path: Path) -> None:
    (root / "long").write_bytes(os.urandom(early_writes.WORTH_BYTES))
    heard = tmp_path / "heard"
    script = (
        "import asyncio, sys; from pathlib import Path; from hermes_tui.capabilities.state.images import ImageStore;"
        "root = Path(sys.argv[1]); store = ImageStore(root.parent / 'images', root);"
        "print(asyncio.run(store.take([root / 'long', root / 'src' / 'a.py'])), flush=True)"
    )
    argv = [
        "strace",
        "-f",
        "-y",
        "-qq",
        "-e",
        "trace=write,fsync,rename",
        "-o",
        str(heard),
        sys.executable,
        "-c",
        script,
    ]

    subprocess.run([*argv, str(root)], check=True, capture_output=True)

    calls = ended(heard.read_text())
    told = max(at for at, call in enumerate(calls) if call.startswith("write(1"))
    named = {
        call.split('"')[1]: at for at, call in enumerate(calls) if call.startswith("rename(") and "/images/" in call
    }
    synced = [(call.partition("<")[2].partition(">")[0], at) for at, call in enumerate(calls) if "fsync(" in call]
    folder = [at for path, at in synced if path.endswith("/kept")]
    assert len(named) == 3
    assert all(any(path == name and at < when for path, at in synced) for name, when in named.items())
    assert max(named.values()) < folder[-1] < told


async def test_an_unchanged_folder_is_the_same_image_and_what_its_image_lost_is_stored_again(
    store: ImageStore, root: Path, tmp_path: Path
) -> None:
    target = root / "new.txt"
    target.write_text("one")
    first = await store.take([target])
    (kept,) = [path for path in (tmp_path / "state" / "images" / "kept").iterdir() if path.suffix != ".json"]

    again = await store.take([target])
    kept.unlink()
    after_loss = await store.take([target])
    target.write_text("two")
    other = await store.take([target])

    assert (again, after_loss, kept.read_text()) == (first, first, "one")
    assert other != first


def test_a_glance_is_for_what_is_small_or_known(tmp_path: Path) -> None:
    for number in range(survey.GLANCE_ENTRIES - 1):
        (tmp_path / f"{number}").touch()
    surveyor = survey.Surveyor()

    few = surveyor.glance([tmp_path])
    whole = surveyor.survey([tmp_path])
    (tmp_path / "0").write_bytes(b"x" * (survey.GLANCE_BYTES + 1))
    large = surveyor.glance([tmp_path])
    (tmp_path / "0").write_bytes(b"")
    (tmp_path / "one more").touch()
    many = surveyor.glance([tmp_path])

    assert few is not None
    assert few.entries == whole.entries
    assert (large, many) == (None, None)
