"""`hermes trust files` and `accept`: what runs left in the workspace that had read the web, and vouching for it."""

from __future__ import annotations

import asyncio
import json

from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.capabilities.state.taint import TaintBook
from hermes_tui.services.clock import SystemClock
from tests.interfaces.processes import Shop, shop

__all__ = ["shop"]


def test_what_was_left_is_listed_and_vouched_for_by_name(shop: Shop) -> None:
    work = shop.work.resolve()
    for name in ("how.md", "why\x1b]0;owned\x07.md"):
        (work / name).write_text(f"{name}: it is deployed by the installer.")
    ledger = Ledger(shop.home / "state" / "ledger.db", SystemClock())
    asyncio.run(TaintBook(ledger, work, lambda: 7.0).mark([path.name for path in work.iterdir()], "s1"))
    ledger.close()

    listed = shop.run("trust", "files", "-C", str(work))
    rows = json.loads(shop.run("trust", "files", "--json", "-C", str(work)).stdout)
    other = shop.run("trust", "accept", "missing.md", "-C", str(work))
    accepted = shop.run("trust", "accept", "how.md", "-C", str(work))
    rest = shop.run("trust", "files", "-C", str(work))

    assert (listed.returncode, "\x1b" in listed.stdout, "how.md  by s1" in listed.stdout) == (0, False, True)
    assert {(row["session"], row["at"]) for row in rows} == {("s1", 7.0)}
    assert (other.returncode, accepted.returncode) == (1, 0)
    assert rest.stdout.splitlines()[-1] == "1 files hold what a run wrote after it had read the web."
