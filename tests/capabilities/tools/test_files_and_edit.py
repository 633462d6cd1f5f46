"""Reading, listing, searching and changing real files."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from hermes_tui.capabilities.tools import edit as edit_module
from hermes_tui.capabilities.tools._paths import AT_ONCE_BYTES
from hermes_tui.capabilities.tools.files import LINE_LIMIT, list_, read
from hermes_tui.capabilities.tools.search import search
from hermes_tui.domain.errors import ArgumentsInvalid, FileChanged, PathRefused, ToolError
from hermes_tui.domain.events.tool import FileChange
from hermes_tui.domain.tasks import Reach
from hermes_tui.domain.values import replace
from tests.capabilities.tools.conftest import Bench

edit, write = edit_module.edit, edit_module.write


async def test_read_numbers_lines_and_remembers_the_file(bench: Bench) -> None:
    (bench.root / "a.txt").write_text("one\ntwo\nthree\n")

    outcome = await bench.call(read, path="a.txt", offset=2, limit=1)

    assert outcome.output == "    2\ttwo\n[1 more lines; read on with offset=3]"
    assert list(bench.context.seen) == [str(bench.root / "a.txt")]


async def test_binary_is_refused_and_encodings_are_named(bench: Bench) -> None:
    (bench.root / "b").write_bytes(b"\x7fELF\0\0")
    (bench.root / "l").write_bytes(b"caf\xe9\n")
    (bench.root / "u").write_bytes("hi\r\n".encode("utf-16"))

    assert (await bench.call(read, path="l")).output.startswith("[latin-1]")
    assert (await bench.call(read, path="u")).output == "[utf-16-le BOM, CRLF]\n    1\thi"
    with pytest.raises(ToolError, match="binary"):
        await bench.call(read, path="b")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "link/passwd", "a\nb", "a\0b", "file_link"])
async def test_paths_that_lead_out_are_refused(bench: Bench, path: str) -> None:
    (bench.root / "link").symlink_to("/etc")
    (bench.root / "file_link").symlink_to("/etc/passwd")

    with pytest.raises(PathRefused):
        await bench.call(read, path=path)


@pytest.mark.parametrize("size", [1, AT_ONCE_BYTES, AT_ONCE_BYTES + 1])
async def test_a_file_of_any_size_is_read_whole_through_any_link(bench: Bench, size: int) -> None:
    (bench.root / "src" / "it (deleted)").write_text("x" * size)
    (bench.root / "link").symlink_to("src")

    outcome = await bench.call(read, path="src/../link/it (deleted)")

    said = json.loads(outcome.data)
    assert (said["path"], len(said["text"])) == ("src/it (deleted)", size)


@pytest.mark.parametrize("size", [1, AT_ONCE_BYTES + 1])
async def test_a_link_that_took_a_folders_place_since_the_call_was_judged_is_not_followed(
    bench: Bench, tmp_path: Path, size: int
) -> None:
    for folder in (bench.root / "src", tmp_path / "outside"):
        folder.mkdir(exist_ok=True)
        (folder / "f").write_text("x" * size)
    read.resolve('{"path": "src/f"}', bench.context)
    (bench.root / "src").rename(bench.root / "moved")
    (bench.root / "src").symlink_to(tmp_path / "outside")

    with pytest.raises(ToolError, match="cannot be read"):
        await read.run('{"path": "src/f"}', bench.context)


@pytest.mark.parametrize("step", ["", "src", "src/f"])
async def test_a_link_anywhere_on_the_way_is_not_followed(bench: Bench, tmp_path: Path, step: str) -> None:
    for root in (bench.root, tmp_path / "outside"):
        (root / "src").mkdir(exist_ok=True, parents=True)
        (root / "src" / "f").write_text("mine" if root is bench.root else "theirs")
    read.resolve('{"path": "src/f"}', bench.context)
    (bench.root / step).rename(tmp_path / "moved")
    (bench.root / step).symlink_to(tmp_path / ("moved" if step == "" else f"outside/{step}"))

    with pytest.raises(ToolError, match="cannot be read"):
        await read.run('{"path": "src/f"}', bench.context)


@pytest.mark.parametrize(
    "text", ['say "hi"\t\\ \u2028 ünï\x7f', "a\r\nb\r\n", "é" * LINE_LIMIT, "y" * (LINE_LIMIT + 1)]
)
async def test_other_tasks_get_a_file_as_json_whatever_it_holds(bench: Bench, text: str) -> None:
    file = bench.root / "src" / 'it "is"'
    file.write_bytes(text.encode())

    outcome = await bench.call(read, path='src/it "is"')

    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    data = {"path": 'src/it "is"', "text": "\n".join(lines), "lines": len(lines)}
    data["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    assert outcome.data == json.dumps(data, ensure_ascii=False)


async def test_a_folder_is_no_file_to_read(bench: Bench) -> None:
    for path in ("src", "."):
        with pytest.raises(ToolError, match="is a folder"):
            await bench.call(read, path=path)


async def test_a_fifo_does_not_block(bench: Bench) -> None:
    os.mkfifo(bench.root / "pipe")

    with pytest.raises(ToolError, match="not a regular file"):
        await bench.call(read, path="pipe")


async def test_edit_keeps_crlf_bom_mode_and_the_link(bench: Bench) -> None:
    real = bench.root / "src" / "real.txt"
    real.write_bytes(b"\xef\xbb\xbfa\r\nb\r\nc\r\n")
    real.chmod(0o750)
    (bench.root / "src" / "link.txt").symlink_to("real.txt")
    await bench.call(read, path="src/link.txt")

    outcome = await bench.call(edit, path="src/link.txt", old="a\nb", new="x\ny\nz")

    assert real.read_bytes() == b"\xef\xbb\xbfx\r\ny\r\nz\r\nc\r\n"
    assert real.stat().st_mode & 0o777 == 0o750
    assert (bench.root / "src" / "link.txt").is_symlink()
    assert outcome.changed == (FileChange(path="src/real.txt", change="modified"),)
    assert "+x" in outcome.output
    assert sorted(each.name for each in (bench.root / "src").iterdir()) == ["link.txt", "real.txt"]


async def test_a_file_not_read_or_changed_since_is_refused(bench: Bench) -> None:
    file = bench.root / "src" / "a"
    file.write_text("one")

    with pytest.raises(FileChanged, match="not read yet"):
        await bench.call(edit, path="src/a", old="one", new="two")
    with pytest.raises(FileChanged, match="not read yet"):
        await bench.call(write, path="src/a", content="two")
    await bench.call(read, path="src/a")
    file.write_text("other one")
    with pytest.raises(FileChanged, match="changed since"):
        await bench.call(edit, path="src/a", old="one", new="two")
    assert file.read_text() == "other one"


async def test_an_ambiguous_edit_needs_replace_all(bench: Bench) -> None:
    await bench.call(write, path="src/new/a", content="x x\n")

    with pytest.raises(ToolError, match="occurs 2 times"):
        await bench.call(edit, path="src/new/a", old="x", new="y")
    await bench.call(edit, path="src/new/a", old="x", new="y", replace_all=True)
    assert (bench.root / "src/new/a").read_text() == "y y\n"


async def test_a_link_that_leads_elsewhere_after_the_decision_is_not_written_through(
    bench: Bench, tmp_path: Path
) -> None:
    outside, link = tmp_path / "outside", bench.root / "src" / "link"
    outside.mkdir()
    (bench.root / "src" / "real").mkdir()
    link.symlink_to("real")
    text = json.dumps({"path": "src/link/new", "content": "owned"})
    targets = write.resolve(text, bench.context).targets
    link.unlink()
    link.symlink_to(outside)

    for context in (bench.context, replace(bench.context, judged=targets)):
        with pytest.raises(PathRefused, match="leads elsewhere"):
            await write.run(text, context)

    assert list(outside.iterdir()) == []


async def test_a_path_outside_that_was_allowed_is_written(bench: Bench, tmp_path: Path) -> None:
    text = json.dumps({"path": str(tmp_path / "out"), "content": "allowed"})
    targets = write.resolve(text, bench.context).targets

    await write.run(text, replace(bench.context, judged=targets))

    assert (tmp_path / "out").read_text() == "allowed"


def test_reach_is_host_outside_the_scope_and_protected_places_are_refused(bench: Bench) -> None:
    (bench.root / ".git").mkdir()
    (bench.root / "src" / "sneaky").symlink_to("../.git")

    def reach(path: str) -> Reach:
        return write.resolve(json.dumps({"path": path, "content": ""}), bench.context).reach

    assert reach("src/a") is Reach.SCOPE
    assert reach("a") is Reach.HOST
    assert reach("src/../../a") is Reach.HOST
    assert reach("src/config") is Reach.SCOPE
    for path in (".git/config", "src/sneaky/config", ".GIT/hooks/x", ".", ".hermes-tui.yaml", "src/HEAD"):
        with pytest.raises(PathRefused):
            reach(path)


@pytest.mark.parametrize("path", ["src/config", "src/hooks/pre-commit", "src/HEAD", "src/commondir"])
def test_what_names_programs_in_a_repository_without_a_git_folder_is_refused(bench: Bench, path: str) -> None:
    (bench.root / "src" / "HEAD").write_text("ref: refs/heads/main")

    with pytest.raises(PathRefused):
        write.resolve(json.dumps({"path": path, "content": ""}), bench.context)


async def test_list_and_search_skip_what_is_ignored(bench: Bench) -> None:
    (bench.root / ".gitignore").write_text("*.log\n/build/\n!keep.log\n")
    for name in ("a.log", "keep.log", "build/x.py", "src/y.py", ".git/z.py"):
        (bench.root / name).parent.mkdir(exist_ok=True)
        (bench.root / name).write_text("first\nneedle here\n")

    listed = await bench.call(list_)
    found = await bench.call(search, pattern=r"^needle\s")

    assert listed.output.split() == [".gitignore", "24", "keep.log", "18", "src/", "y.py", "18"]
    assert found.output.splitlines() == ["keep.log:2: needle here", "src/y.py:2: needle here"]


async def test_no_pattern_can_blow_up(bench: Bench) -> None:
    (bench.root / "a").write_text("a" * 100_000 + "\n" + "tail\n" * 20_000)

    assert (await bench.call(search, pattern="(a+)+$x")).output == "[no match]"
    assert (await bench.call(search, pattern="^tail$", max_matches=1)).output.startswith("a:2: tail")
    with pytest.raises(ArgumentsInvalid, match="pattern"):
        await bench.call(search, pattern="(?=x)")
