"""`hermes runs undo`: what a run changed is taken back, and that can be taken back too."""

from __future__ import annotations

import os
import re
import select

from tests.interfaces.processes import Shop, needs_sandbox, question, shell, shop

__all__ = ["shop"]


@needs_sandbox
def test_what_a_run_changed_deleted_and_made_is_put_back_also_outside_git(shop: Shop) -> None:
    shop.work.mkdir(exist_ok=True)
    (shop.work / "kept.txt").write_text("old\n")
    (shop.work / "deleted.txt").write_text("dear\n")
    goal = shop.goal(
        shell("a", "echo new >kept.txt; rm deleted.txt") + shell("b", "mkdir made && echo x >made/file", needs="a")
    )
    ran = shop.run("--batch", str(goal), "-C", str(shop.work))
    assert ran.returncode == 0, ran.stderr
    session = shop.only_session()

    undone = shop.run("runs", "undo", session, "-C", str(shop.work))
    after = sorted(path.name for path in shop.work.iterdir() if path.name != "artifacts")
    texts = (shop.work / "kept.txt").read_text(), (shop.work / "deleted.txt").read_text()
    found = re.search(r"--image (\w+)", undone.stdout)
    assert found is not None, undone.stdout + undone.stderr
    again = shop.run("runs", "undo", session, "--image", found[1], "-C", str(shop.work))

    assert (undone.returncode, after, texts) == (0, ["deleted.txt", "kept.txt"], ("old\n", "dear\n"))
    assert again.returncode == 0, again.stderr
    assert (shop.work / "kept.txt").read_text() == "new\n"
    assert (shop.work / "made" / "file").read_text() == "x\n"
    assert not (shop.work / "deleted.txt").exists()
    assert "took back the files" in shop.run("replay", session).stdout
    assert shop.run("audit", "verify").returncode == 0


@needs_sandbox
def test_only_the_last_calls_are_taken_back_when_asked(shop: Shop) -> None:
    goal = shop.goal(shell("a", "echo 1 >one") + shell("b", "echo 2 >two", needs="a"))
    shop.run("--batch", str(goal), "-C", str(shop.work))

    undone = shop.run("runs", "undo", shop.only_session(), "--last", "1", "-C", str(shop.work))

    assert undone.returncode == 0, undone.stderr
    assert ((shop.work / "one").exists(), (shop.work / "two").exists()) == (True, False)


@needs_sandbox
def test_what_was_half_written_when_the_run_was_killed_is_put_back_too(shop: Shop) -> None:
    (shop.work / "src").mkdir()
    kept, gate = shop.work / "src" / "kept.txt", shop.work / "gate"
    kept.write_text("old\n")
    os.mkfifo(gate)
    command = "echo half >src/kept.txt; echo new >src/new.txt; echo now >gate; sleep 600"
    goal = shop.goal(
        shell("a", "echo whole >src/whole.txt") + shell("b", command, needs="a"), head="mode: auto\nwrite: [src/]\n"
    )
    reading = os.open(gate, os.O_RDONLY | os.O_NONBLOCK)
    with shop.live(goal) as process:
        reached, _, _ = select.select([reading], [], [], 60)
        process.kill()
        process.wait()
    os.close(reading)
    left = kept.read_text()

    undone = shop.run("runs", "undo", shop.only_session(), "-C", str(shop.work))

    assert (bool(reached), left) == (True, "half\n")
    assert undone.returncode == 0, undone.stderr
    assert [path.name for path in (shop.work / "src").iterdir()] == ["kept.txt"]
    assert kept.read_text() == "old\n"


def test_a_run_that_changed_nothing_has_nothing_to_take_back(shop: Shop) -> None:
    shop.run("--batch", str(shop.goal(question("q"))), "-C", str(shop.work))

    undone = shop.run("runs", "undo", shop.only_session())

    assert (undone.returncode, "changed no files" in undone.stderr) == (2, True)
