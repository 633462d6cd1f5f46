"""`privacy.personal: mask`: models and disks see placeholders, tools on this machine the real values."""

from __future__ import annotations

import json

from tests.interfaces.processes import Shop, needs_sandbox, shop

__all__ = ["shop"]

PLAN = """  - {id: find, kind: tool, title: read it, use: read, args: {path: people.txt}}
  - id: copy
    kind: tool
    title: write it elsewhere
    use: write
    needs: [find]
    args: {path: copy.txt, content: "${find.text}"}
"""


@needs_sandbox
def test_a_masked_value_round_trips_through_the_journal_into_a_file(shop: Shop) -> None:
    shop.home.mkdir(exist_ok=True)
    (shop.home / "config.yaml").write_text("version: 1\nprivacy: {personal: mask}\n")
    shop.work.mkdir(exist_ok=True)
    (shop.work / "people.txt").write_text("anna@example.org, (212) 555-0142\n")
    goal = shop.goal(PLAN)

    ran = shop.run("--batch", str(goal), "-C", str(shop.work), "--output-format", "json")

    said = shop.run("replay", shop.only_session()).stdout
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert "anna@example.org" in (shop.work / "copy.txt").read_text()
    assert "anna@example.org" not in said
    assert "[EMAIL_" in said
    files = [path for path in (shop.home / "state").rglob("*") if path.is_file() and "images" not in path.parts]
    assert [path.name for path in files if b"anna@example.org" in path.read_bytes()] == []
    assert json.loads(ran.stdout)["status"] == "done"
