"""A model that wants to write outside its scope: nothing is written, the operator is asked, and the run ends well."""

from __future__ import annotations

import json

from tests.fakes import Asked, Call, Reply, Scenario
from tests.fakes.running import running_server
from tests.interfaces.processes import Shop, shop

__all__ = ["shop"]

GOAL = "---\nmode: auto-edit\nwrite: [src/]\n---\nTidy up.\n"


def model(asked: Asked) -> Reply:
    """Write inside the scope and outside it, then tell what came of it."""
    if asked.has_tool_result:
        return Reply(f"I was told: {asked.last_text}")
    inside = Call("write", {"path": "src/a.txt", "content": "inside"})
    outside = Call("write", {"path": "b.txt", "content": "outside"})
    return Reply("I write two files.", tool_calls=[inside, outside])


def test_a_write_outside_the_scope_waits_and_once_denied_the_run_goes_on_without_it(shop: Shop) -> None:
    shop.env["OPENAI_API_KEY"] = "sk-test-0123456789abcdef0123"
    goal = shop.root / "goal.md"
    goal.write_text(GOAL, encoding="utf-8")
    (shop.work / "src").mkdir()

    with running_server(Scenario(respond=model)) as server:
        shop.home.mkdir()
        config = f"version: 1\nproviders: {{openai: {{base_url: '{server.openai_url}'}}}}\n"
        (shop.home / "config.yaml").write_text(config, encoding="utf-8")
        argv = ("--batch", str(goal), "-C", str(shop.work), "-m", "openai:fake-large", "--output-format", "json")
        waiting = shop.run(*argv)
        result = json.loads(waiting.stdout)
        (asked,) = [one for one in result["approvals"] if one["decision"] is None]
        still_waiting = shop.run(*argv)
        denied = shop.run("approvals", "deny", asked["id"], "--reason", "keep to src")
        ended = shop.run(*argv)

    assert (waiting.returncode, result["status"]) == (4, "needs_approval")
    assert f"hermes approvals allow {asked['id']}" in waiting.stderr
    assert "b.txt" in asked["what"]
    assert still_waiting.returncode == 4
    assert denied.returncode == 0
    assert ended.returncode == 0, ended.stderr
    assert "keep to src" in json.loads(ended.stdout)["answer"]
    assert (shop.work / "src" / "a.txt").read_text("utf-8") == "inside"
    assert not (shop.work / "b.txt").exists()
    assert len(server.log.replies) == 2
