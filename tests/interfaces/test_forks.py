"""`hermes sessions fork` and `rename`: a copy that goes on by itself, and a name that finds it."""

from __future__ import annotations

import json

from tests.interfaces.processes import Shop, question, shop

__all__ = ["shop"]


def test_a_fork_holds_the_records_up_to_one_and_a_chain_of_its_own_and_a_name_is_listed(shop: Shop) -> None:
    shop.run("--batch", str(shop.goal(question("q"))), "-C", str(shop.work))
    first = shop.only_session()

    made = shop.run("sessions", "fork", first, "--at", "3")
    new = made.stdout.split()[0]
    named = shop.run("sessions", "rename", new, "another", "way")
    lines = [json.loads(line) for line in shop.run("replay", new).stdout.splitlines()]
    listed = {row["session"]: row["name"] for row in json.loads(shop.run("sessions", "list", "--json").stdout)}
    beyond = shop.run("sessions", "fork", first, "--at", "9999")

    assert (made.returncode, named.stdout) == (0, "It is called another way now.\n")
    assert [line["type"] for line in lines[3:]] == ["SessionForked", "SessionNamed"]
    assert lines[3]["body"] == {"origin": first, "upto": 3}
    assert {line["place"]["session"] for line in lines} == {new}
    assert listed == {first: "", new: "another way"}
    assert (beyond.returncode, "no record 9999" in beyond.stderr) == (2, True)
    assert shop.run("audit", "verify").returncode == 0
