"""`hermes runs undo`: what a run changed is taken back, and that can be taken back too."""

from __future__ import annotations

import re

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


def test_a_run_that_changed_nothing_has_nothing_to_take_back(shop: Shop) -> None:
    shop.run("--batch", str(shop.goal(question("q"))), "-C", str(shop.work))

    undone = shop.run("runs", "undo", shop.only_session())

    assert (undone.returncode, "changed no files" in undone.stderr) == (2, True)
