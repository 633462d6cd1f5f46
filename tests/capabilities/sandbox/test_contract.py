"""What every sandbox that confines keeps, seen from inside through `Sandbox.run`."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

import pytest

from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import ProcessEnd, SandboxCommand
from tests.capabilities.sandbox.conftest import Box, git, until


def alive(tag: str) -> list[int]:
    """Return the processes whose command line holds `tag`."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if tag.encode() in line and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


async def test_output_errors_and_exit_code_come_back(box: Box) -> None:
    said = await box.sh("echo out; echo err >&2; exit 7")

    assert (said.code, said.out, said.err, said.end) == (7, "out\n", "err\n", ProcessEnd.EXITED)


async def test_a_long_input_goes_in_while_the_output_comes_out(box: Box) -> None:
    sent = bytes(range(256)) * 1024

    result = await box.raw(("cat",), stdin=sent)

    assert result.stdout == sent


async def test_an_input_that_nobody_reads_is_no_error(box: Box) -> None:
    result = await box.raw(("true",), stdin=bytes(1 << 20))

    assert (result.exit_code, result.end) == (0, ProcessEnd.EXITED)


async def test_a_signal_is_an_exit_code_of_128_and_more(box: Box) -> None:
    said = await box.sh("kill -TERM $$")

    assert said.code == 128 + signal.SIGTERM


async def test_no_output_can_pretend_that_nothing_was_run(box: Box) -> None:
    said = await box.sh("echo 'bwrap: Creating new namespace failed' >&2; exit 1")

    assert (said.code, said.err) == (1, "bwrap: Creating new namespace failed\n")


async def test_a_missing_program_is_a_result(box: Box) -> None:
    result = await box.raw(("no-such-program",))

    assert result.exit_code == 127
    assert b"no-such-program" in result.stderr


async def test_the_home_is_private_and_empty(box: Box) -> None:
    Path(os.environ["HOME"], ".ssh").mkdir()

    said = await box.sh(f"echo $HOME; ls -A $HOME; ls {os.environ['HOME']}; echo x >$HOME/x && cat $HOME/x")

    assert said.out == "/home/agent\nx\n"


async def test_only_the_sandbox_own_processes_are_seen(box: Box) -> None:
    said = await box.sh("ls /proc | grep -c '^[0-9]'; cat /proc/1/comm")

    count, first = said.out.split()
    assert int(count) <= 6
    assert first == "bwrap"


async def test_the_environment_is_made_not_inherited(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_API_KEY", "planted-in-the-environment")

    said = await box.sh("env; cat /proc/*/environ | tr '\\0' '\\n'")

    assert "planted-in-the-environment" not in said.out
    names = {line.partition("=")[0] for line in said.out.splitlines() if "=" in line}
    known = {"PATH", "HOME", "LANG", "TMPDIR", "PWD", "GIVEN", "VIRTUAL_ENV", "RUSTUP_HOME", "PYENV_ROOT", "OLDPWD"}
    known |= {"PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE", "COVERAGE_FILE", "PYTEST_ADDOPTS"}
    assert names <= known


async def test_no_descriptor_is_inherited_beyond_the_three(box: Box, tmp_path: Path) -> None:
    program = "import os; print([n for n in range(3, 4096) if os.path.exists(f'/proc/self/fd/{n}')])"
    with (tmp_path / "outside.txt").open() as file:
        os.set_inheritable(file.fileno(), True)
        result = await box.raw((sys.executable, "-S", "-c", program))

    assert result.stdout == b"[]\n"


async def test_there_is_no_network(box: Box) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        said = await box.raw((sys.executable, "-c", program))

    assert said.exit_code != 0
    assert b"refused" in said.stderr or b"unreachable" in said.stderr


async def test_only_the_write_scope_can_be_written(box: Box) -> None:
    said = await box.sh("echo a >src/new; echo b >top || echo refused", write=("src",))

    assert said.out == "refused\n"
    assert (box.root / "src" / "new").read_text() == "a\n"
    assert not (box.root / "top").exists()


async def test_without_a_scope_nothing_can_be_written(box: Box) -> None:
    said = await box.sh("touch src/x || touch x || echo refused", write=())

    assert said.out == "refused\n"


async def test_a_missing_scope_is_made_and_a_file_scope_is_its_folder(box: Box) -> None:
    said = await box.sh("echo 1 >made/x; echo 2 >src/report.md", write=("made", "src/report.md"))

    assert (said.code, (box.root / "made" / "x").read_text()) == (0, "1\n")
    assert (box.root / "src" / "report.md").read_text() == "2\n"


@pytest.mark.parametrize("words", [("mv", ".git", "x"), ("rm", "-rf", ".git"), ("touch", ".git/hooks/pre-commit")])
async def test_the_repository_is_read_only(box: Box, words: tuple[str, ...]) -> None:
    before = sorted(path.name for path in (box.root / ".git").iterdir())

    result = await box.raw(words)

    assert result.exit_code != 0
    assert sorted(path.name for path in (box.root / ".git").iterdir()) == before


async def test_reading_the_repository_works(box: Box) -> None:
    said = await box.sh("git -c safe.directory='*' log --format=%s")

    assert said.out == "first\n"


async def test_a_linked_work_tree_cannot_be_pointed_elsewhere(box: Box) -> None:
    tree = box.root / "tree"
    git(box.root, "worktree", "add", "-q", str(tree))
    before = (tree / ".git").read_text()

    said = await box.sh("echo 'gitdir: /tmp/evil' >tree/.git; mv tree/.git tree/x; rm -f tree/.git; cat tree/.git")

    assert said.out == before
    assert (tree / ".git").read_text() == before


async def test_a_repository_that_is_made_is_moved_aside(box: Box) -> None:
    shutil.rmtree(box.root / ".git")

    said = await box.sh("git init -q . && echo made; echo 'policy: {mode: auto}' >.hermes-tui.yaml")

    assert said.out == "made\n"
    assert not (box.root / ".git").exists()
    assert not (box.root / ".hermes-tui.yaml").exists()
    assert (box.root / ".git.from-sandbox-1").is_dir()
    assert ".git was made by this command and is now .git.from-sandbox-1" in said.err


async def test_what_a_cancelled_call_made_is_moved_aside_too(box: Box) -> None:
    running = asyncio.create_task(box.sh("echo 'policy: {mode: auto}' >.hermes-tui.yaml; touch ready; sleep 60"))
    await until(box.root / "ready")

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert not (box.root / ".hermes-tui.yaml").exists()
    assert (box.root / ".hermes-tui.yaml.from-sandbox-1").is_file()


async def test_a_link_cannot_lead_a_later_call_out(box: Box, tmp_path: Path) -> None:
    await box.sh(f"rmdir out; mkdir -p deep/a && mv deep old; ln -s {tmp_path} out", write=(".", "out", "deep/a"))
    (box.root / "escape").symlink_to(tmp_path)

    with pytest.raises(SandboxUnavailable, match="leads out"):
        await box.sandbox.run(SandboxCommand(argv=("true",), cwd=box.root, write=(box.root / "escape",)))
    said = await box.sh("touch escape/x out/../../x; echo done")
    assert said.out == "done\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside.txt", "ws"]


async def test_temporary_files_go_to_the_private_folder(box: Box) -> None:
    test = box.root / "src" / "test_it.py"
    test.write_text("import tempfile\n\n\ndef test_it():\n    assert tempfile.gettempdir() == '/tmp'\n")
    before = {path for path in box.root.rglob("*") if ".git" not in path.parts}

    result = await box.raw((sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "src/test_it.py"))

    assert result.exit_code == 0, result.stdout
    assert {path for path in box.root.rglob("*") if ".git" not in path.parts} == before


@pytest.mark.parametrize("words", [(sys.executable, "-c", "import pytest"), ("git", "--version"), ("python3", "-V")])
async def test_toolchains_are_visible(box: Box, words: tuple[str, ...]) -> None:
    result = await box.raw(words)

    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(
    "script",
    [
        "sleep 300.{tag}",
        "setsid sleep 300.{tag} & sleep 300.{tag}",
        "(setsid sh -c 'sleep 300.{tag} & sleep 300.{tag}' >/dev/null 2>&1 &) ; sleep 300.{tag}",
        "trap '' TERM INT HUP; sleep 300.{tag} & wait",
    ],
)
async def test_the_whole_tree_dies_at_the_deadline(box: Box, script: str) -> None:
    tag = str(os.getpid())

    said = await box.sh(script.replace("{tag}", tag), timeout_s=0.5)

    assert said.end is ProcessEnd.DEADLINE
    assert alive(f"300.{tag}") == []


async def test_what_a_command_leaves_running_dies_with_it(box: Box) -> None:
    tag = str(os.getpid())

    said = await box.sh(f"(setsid sleep 301.{tag} >/dev/null 2>&1 &); sleep 301.{tag} & echo started")

    assert (said.out, said.end) == ("started\n", ProcessEnd.EXITED)
    assert alive(f"301.{tag}") == []


async def test_cancelling_kills_the_tree_within_the_call(box: Box) -> None:
    tag = str(os.getpid())
    running = asyncio.create_task(box.sh(f"setsid sleep 302.{tag} & touch ready; sleep 302.{tag}"))
    await until(box.root / "ready")

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert alive(f"302.{tag}") == []


async def test_too_much_output_ends_the_process(box: Box) -> None:
    result = await box.raw(("yes",), limit=10_000)

    assert result.end is ProcessEnd.OUTPUT_LIMIT
    assert len(result.stdout) < 11_000
    assert b"bytes left out" in result.stdout


FORK_BOMB = """
import os, time
made = 0
try:
    while made < 20000:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
except OSError as error:
    print(made, error.strerror)
"""


async def test_a_fork_bomb_is_contained(box: Box) -> None:
    result = await box.raw((sys.executable, "-S", "-c", FORK_BOMB), timeout_s=60)

    made, why = result.stdout.decode().split(maxsplit=1)
    assert int(made) < 1100
    assert "unavailable" in why


async def test_memory_is_limited(box: Box) -> None:
    result = await box.raw((sys.executable, "-S", "-c", "x = bytearray(5 * 2**30)"))

    assert result.exit_code != 0
    assert b"MemoryError" in result.stderr


async def test_a_file_has_a_greatest_size(box: Box) -> None:
    said = await box.sh("truncate -s 3G big; stat -c %s big")

    assert said.out == "0\n"
    assert "File size limit exceeded" in said.err


async def test_the_private_folders_are_small(box: Box) -> None:
    fill = "head -c 300M /dev/zero >$d/x 2>/dev/null || echo full"
    said = await box.sh(f"for d in /tmp /run /dev/shm $HOME; do {fill}; done")

    assert said.out == "full\n" * 4


async def test_devices_are_few_and_cannot_be_added_to(box: Box) -> None:
    said = await box.sh("touch /dev/x || mknod /dev/sda b 8 0 || mknod src/sda b 8 0 || echo refused; ls /dev")

    first, *devices = said.out.split()
    assert first == "refused"
    few = {"core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom"}
    assert set(devices) <= few | {"zero"}
