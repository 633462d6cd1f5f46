"""`hermes audit`: the chains of a home, from the command line."""

from __future__ import annotations

import contextlib
import sqlite3

from tests.interfaces.processes import Shop, question, shop

__all__ = ["shop"]


def test_a_chain_is_verified_exported_and_what_was_cut_off_is_named(shop: Shop) -> None:
    shop.run("--batch", str(shop.goal(question("q"))), "-C", str(shop.work))
    session = shop.only_session()
    whole = shop.run("audit", "verify")
    chain = shop.root / "chain.jsonl"
    chain.write_text(shop.run("audit", "export", session).stdout, encoding="utf-8")
    against = shop.run("audit", "verify", "--against", str(chain))
    file = shop.home / "state" / "sessions" / f"{session}.db"

    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM record WHERE seq > 2")
    cut = shop.run("audit", "verify")
    refused = shop.run("audit", "export", session)
    file.unlink()
    gone = shop.run("audit", "verify")

    assert (whole.returncode, against.returncode) == (0, 0), whole.stdout + against.stdout
    assert (cut.returncode, "cut off after record 2" in cut.stdout) == (1, True)
    assert (refused.returncode, "cut off after record 2" in refused.stderr) == (2, True)
    assert (gone.returncode, "the file is gone" in gone.stdout) == (1, True)
