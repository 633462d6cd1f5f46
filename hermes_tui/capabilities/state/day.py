"""A session's share of the day's cap: drawn in slices, so that sessions beside each other never pass it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.errors import LimitReached
from hermes_tui.domain.ids import Seq, SessionId
from hermes_tui.domain.ports import Clock
from hermes_tui.domain.usage import Bound, Limits
from hermes_tui.domain.values import frozen, replace

SLICE: Final = 0.05
BEYOND: Final = 0.02
"""The part of the cap that a session keeps aside, if it is there, for what its calls can cost beyond their bounds: so
that only dear ones have to write the ledger for it."""
OPEN_S: Final = 86_400.0
"""After this a draw that was never settled belongs to no call that still runs: a slow local model may take an hour."""

LEAST_USD: Final = 1e-9
"""Less is what adding up in another order makes of the same sums."""
BOOK_S: Final = 1.0
"""How long what was spent may wait to be written together with what follows; the share drawn for it stands already."""

Left = tuple[float, int, Seq]
"""What a session spent in all, in USD and tokens, and its last record."""
_Spend = tuple[str, int, str, float, int]


@frozen
class _Draw:
    """What was drawn for a call: its bound, what it can cost beyond, and whether it started without room for that."""

    at: float
    day: str
    usd: float
    tokens: int
    more_usd: float = 0.0
    more_tokens: int = 0
    alone: bool = False


@frozen
class _Room:
    """What other sessions leave of the cap, None without one, and what of that they put aside beyond bounds."""

    left_usd: float | None
    left_tokens: int | None
    beyond_usd: float
    beyond_tokens: int

    def holds(self, usd: float, tokens: int) -> bool:
        """Whether there is room for so much in both units."""
        fits = self.left_usd is None or usd <= self.left_usd - self.beyond_usd
        return fits and (self.left_tokens is None or tokens <= self.left_tokens - self.beyond_tokens)


class SessionDay:
    """The `DayBudget` of one session.

    A draw stays open until its call is settled, or the oldest one is by a call without a name, or `OPEN_S` have passed.
    `left_by` returns what another session's journal says that it spent, None while it has an owner; what a dead one
    drew and did not spend is taken back when it is needed.

    Writing the ledger costs several waits for the disk, so that settled calls are booked together, at most `BOOK_S`
    late. Nobody can pass the cap meanwhile: what others see as taken is the share that was drawn before the call. What
    a crash kept from being booked is known from the journal, see `catch_up`.

    A bound can be wrong. What calls can cost beyond theirs is put aside as well (`beyond`), where the cap leaves room
    for it; nobody's bound is refused for that. A call without such room is the only one of its kind in the home
    (`alone`). So whatever calls turn out to cost, all of them but that one fit under the cap.
    """

    def __init__(
        self,
        ledger: Ledger,
        session: SessionId,
        cap: Limits,
        *,
        clock: Clock,
        left_by: Callable[[SessionId], Left | None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._session = session
        self._cap = cap
        self._clock = clock
        self._left_by = left_by
        self._lock = threading.Lock()
        self._open: dict[str, _Draw] = {}
        self._unbooked: list[_Spend] = []
        self._booked_at = -BOOK_S
        self._day = ""
        self._usd = self._spent_usd = self._beyond_usd = 0.0
        self._tokens = self._spent_tokens = self._beyond_tokens = 0

    def draw(self, usd: float, tokens: int, *, call: str = "", at_most: Bound | None = None) -> bool:
        """Make sure that this much more may be spent today; see `ports.DayBudget`.

        Raises:
            LimitReached: the day's cap would be passed.
        """
        with self._lock:
            self._begin_day()
            now = self._clock.monotonic()
            self._open = {name: one for name, one in self._open.items() if one.at > now - OPEN_S}
            more_usd = max(0.0, (at_most.usd or 0.0) - usd) if at_most is not None else 0.0
            more_tokens = max(0, at_most.tokens - tokens) if at_most is not None else 0
            mine = _Draw(at=now, day=self._day, usd=usd, tokens=tokens, more_usd=more_usd, more_tokens=more_tokens)
            needed = self._needed(mine)
            if self._passes(needed.usd, needed.tokens) or self._strains(needed):
                started = self._grow(needed, mine)
                if started is None:
                    return False
                mine = started
            self._open[call or f"{len(self._open)} {now}"] = mine
            return True

    def _needed(self, more: _Draw) -> _Draw:
        """Return what is spent and drawn with `more`; a call that started alone has nothing put aside for it."""
        drawn = [*self._open.values(), more]
        covered = [one for one in drawn if not one.alone]
        return _Draw(
            at=0.0,
            day=self._day,
            usd=self._spent_usd + sum(one.usd for one in drawn),
            tokens=self._spent_tokens + sum(one.tokens for one in drawn),
            more_usd=sum(one.more_usd for one in covered),
            more_tokens=sum(one.more_tokens for one in covered),
        )

    def settle(self, usd: float, tokens: int, seq: Seq, *, call: str = "") -> None:
        """Book what a call spent, on the day it was drawn; idempotent by `seq`."""
        with self._lock:
            self._begin_day()
            drawn = self._open.pop(call or next(iter(self._open), ""), None)
            day = drawn.day if drawn is not None else self._day
            if any(row[1] == seq for row in self._unbooked):
                return
            self._unbooked.append((self._session, seq, day, usd, tokens))
            if day == self._day:
                self._spent_usd += usd
                self._spent_tokens += tokens
            late = self._clock.monotonic() - self._booked_at >= BOOK_S
            was_alone = drawn is not None and drawn.alone
            if late or was_alone or day != self._day or self._passes(self._spent_usd, self._spent_tokens):
                self._book()

    def catch_up(self, usd: float, tokens: int, seq: Seq) -> None:
        """Book what the journal, whose last record is `seq`, knows to be spent and the ledger of this session does not.

        A session that the ledger does not know at all was spent from another home, or before this ledger began.
        """
        with self._lock:
            self._begin_day()
            with self._ledger.reading() as connection:
                self._miss(connection, self._session, (usd, tokens, seq))
            if self._unbooked:
                self._book()

    def _miss(self, connection: sqlite3.Connection, session: SessionId, spent: Left) -> None:
        """Note what a session spent and the ledger does not know of."""
        usd, tokens, seq = spent
        known = connection.execute("SELECT SUM(usd), SUM(tokens) FROM spend WHERE session=?", (session,)).fetchone()
        if known[1] is None or (usd - known[0] < LEAST_USD and tokens <= known[1]):
            return
        self._unbooked.append((session, seq, self._day, max(0.0, usd - known[0]), max(0, tokens - known[1])))

    def give_back(self) -> None:
        """Return what was drawn and not spent; the session ends or rests."""
        with self._lock, self._ledger.transaction() as connection:
            self._write(connection)
            connection.execute(
                "UPDATE allotment SET usd=spent_usd, tokens=spent_tokens WHERE session=?", (self._session,)
            )
            self._open.clear()
            self._let_go(connection, 0.0)
            self._load(connection)

    def _begin_day(self) -> None:
        today = datetime.fromtimestamp(self._clock.now(), UTC).astimezone().date().isoformat()
        if today != self._day:
            self._day = today
            if self._unbooked:
                self._book()
                return
            with self._ledger.reading() as connection:
                self._load(connection)

    def _book(self) -> None:
        with self._ledger.transaction() as connection:
            self._write(connection)
            self._let_go(connection, BEYOND)
            self._load(connection)

    def _let_go(self, connection: sqlite3.Connection, share: float) -> None:
        """Give back what no call under way needs of what was put aside beyond bounds, but for a share of the cap."""
        if not any(one.alone for one in self._open.values()):
            connection.execute("DELETE FROM alone WHERE session=?", (self._session,))
        needed = self._needed(_Draw(at=0.0, day=self._day, usd=0.0, tokens=0))
        usd = max(needed.more_usd, share * (self._cap.usd or 0.0))
        tokens = max(needed.more_tokens, int(share * (self._cap.tokens or 0)))
        connection.execute(
            "UPDATE beyond SET usd=min(usd, ?2), tokens=min(tokens, ?3) WHERE session=?1", (self._session, usd, tokens)
        )

    def _write(self, connection: sqlite3.Connection) -> None:
        """Put what is not booked yet into a transaction that is under way."""
        if not self._unbooked:
            return
        for row in self._unbooked:
            if connection.execute("INSERT OR IGNORE INTO spend VALUES(?, ?, ?, ?, ?)", row).rowcount:
                session, _, day, usd, tokens = row
                connection.execute(
                    "INSERT INTO allotment VALUES(?1, ?2, ?3, ?4, ?3, ?4) ON CONFLICT DO UPDATE SET "
                    "spent_usd=spent_usd+?3, spent_tokens=spent_tokens+?4, "
                    "usd=max(usd, spent_usd+?3), tokens=max(tokens, spent_tokens+?4)",
                    (session, day, usd, tokens),
                )
        self._unbooked.clear()
        self._booked_at = self._clock.monotonic()

    def _passes(self, usd: float, tokens: int) -> bool:
        """Whether this is more than the share at hand of a unit that has a cap at all."""
        more_usd = self._cap.usd is not None and usd > self._usd
        return more_usd or (self._cap.tokens is not None and tokens > self._tokens)

    def _strains(self, needed: _Draw) -> bool:
        """Whether calls can cost more beyond their bounds than is put aside, in a unit that has a cap at all."""
        usd = self._cap.usd is not None and needed.more_usd > self._beyond_usd
        return usd or (self._cap.tokens is not None and needed.more_tokens > self._beyond_tokens)

    def _load(self, connection: sqlite3.Connection) -> None:
        row = connection.execute(
            "SELECT usd, tokens, spent_usd, spent_tokens FROM allotment WHERE session=? AND day=?",
            (self._session, self._day),
        ).fetchone()
        self._usd, self._tokens, self._spent_usd, self._spent_tokens = row or (0.0, 0, 0.0, 0)
        aside = connection.execute(
            "SELECT usd, tokens FROM beyond WHERE session=? AND day=?", (self._session, self._day)
        ).fetchone()
        self._beyond_usd, self._beyond_tokens = aside or (0.0, 0)

    def _grow(self, needed: _Draw, mine: _Draw) -> _Draw | None:
        """Draw as much as is needed, and put aside what goes beyond if there is room for it; None has to wait."""
        with self._ledger.transaction() as connection:
            self._write(connection)
            self._load(connection)
            room = self._room(connection)
            if not room.holds(needed.usd + needed.more_usd, needed.tokens + needed.more_tokens):
                self._reclaim(connection)
                room = self._room(connection)
            if room.left_usd is not None and needed.usd > room.left_usd:
                raise _reached(f"${self._cap.usd:.2f}", "day_usd")
            if room.left_tokens is not None and needed.tokens > room.left_tokens:
                raise _reached(f"{self._cap.tokens:,} tokens", "day_tokens")
            if not room.holds(needed.usd + needed.more_usd, needed.tokens + needed.more_tokens):
                if not self._only_one(connection):
                    return None
                mine = replace(mine, alone=True)
                needed = self._needed(mine)
            self._take(connection, room, needed)
            return mine

    def _take(self, connection: sqlite3.Connection, room: _Room, needed: _Draw) -> None:
        """Put on the books what this session takes: a slice more than it needs, where there is that much."""
        usd, tokens = max(needed.usd, self._usd), max(needed.tokens, self._tokens)
        more_usd, more_tokens = needed.more_usd, needed.more_tokens
        if room.left_usd is not None:
            cap = self._cap.usd or 0.0
            free = max(0.0, room.left_usd - room.beyond_usd - more_usd)
            usd = max(needed.usd, min(free, max(usd, self._usd + SLICE * cap)))
            more_usd = max(more_usd, min(BEYOND * cap, room.left_usd - room.beyond_usd - usd))
        if room.left_tokens is not None:
            most = self._cap.tokens or 0
            free_tokens = max(0, room.left_tokens - room.beyond_tokens - more_tokens)
            tokens = max(needed.tokens, min(free_tokens, max(tokens, self._tokens + int(SLICE * most))))
            more_tokens = max(more_tokens, min(int(BEYOND * most), room.left_tokens - room.beyond_tokens - tokens))
        connection.execute(
            "INSERT INTO allotment VALUES(?1, ?2, ?3, ?4, 0, 0) ON CONFLICT DO UPDATE SET usd=?3, tokens=?4",
            (self._session, self._day, usd, tokens),
        )
        row = (self._session, self._day, more_usd, more_tokens)
        connection.execute("INSERT OR REPLACE INTO beyond VALUES(?, ?, ?, ?)", row)
        self._usd, self._tokens, self._beyond_usd, self._beyond_tokens = usd, tokens, more_usd, more_tokens

    def _only_one(self, connection: sqlite3.Connection) -> bool:
        """Take the place of the one call that starts without room beyond its bound; False if another has it."""
        if any(one.alone for one in self._open.values()):
            return False
        now = self._clock.now()
        row = connection.execute("SELECT session, at FROM alone WHERE day=?", (self._day,)).fetchone()
        if row is not None and row[0] != self._session:
            taken = 0 <= now - row[1] < OPEN_S and self._left_by(SessionId(row[0])) is None
            if taken:
                return False
        connection.execute("INSERT OR REPLACE INTO alone VALUES(?, ?, ?)", (self._day, self._session, now))
        return True

    def _room(self, connection: sqlite3.Connection) -> _Room:
        """Return what all other sessions leave to this one, and what they put aside of that."""
        left_usd, left_tokens = self._left(connection)
        usd, tokens = connection.execute(
            "SELECT COALESCE(SUM(usd), 0.0), COALESCE(SUM(tokens), 0) FROM beyond WHERE day=? AND session<>?",
            (self._day, self._session),
        ).fetchone()
        return _Room(left_usd=left_usd, left_tokens=left_tokens, beyond_usd=usd, beyond_tokens=tokens)

    def _left(self, connection: sqlite3.Connection) -> tuple[float | None, int | None]:
        """Return what all other sessions leave to this one."""
        usd, tokens = connection.execute(
            "SELECT COALESCE(SUM(usd), 0.0), COALESCE(SUM(tokens), 0) FROM allotment WHERE day=? AND session<>?",
            (self._day, self._session),
        ).fetchone()
        return (
            None if self._cap.usd is None else self._cap.usd - usd,
            None if self._cap.tokens is None else self._cap.tokens - tokens,
        )

    def _reclaim(self, connection: sqlite3.Connection) -> None:
        """Take back what sessions without an owner drew and did not spend; their journals know what they spent."""
        rows = connection.execute(
            "SELECT session FROM allotment WHERE day=?1 AND session<>?2 AND (usd>spent_usd OR tokens>spent_tokens) "
            "UNION SELECT session FROM beyond WHERE day=?1 AND session<>?2 AND (usd>0 OR tokens>0)",
            (self._day, self._session),
        ).fetchall()
        for (session,) in rows:
            spent = self._left_by(SessionId(session))
            if spent is None:
                continue
            self._miss(connection, SessionId(session), spent)
            self._write(connection)
            connection.execute(
                "UPDATE allotment SET usd=spent_usd, tokens=spent_tokens WHERE session=? AND day=?",
                (session, self._day),
            )
            connection.execute("DELETE FROM beyond WHERE session=? AND day=?", (session, self._day))


def _reached(cap: str, limit: str) -> LimitReached:
    return LimitReached(
        f"Stopped at the day's cap of {cap}. Work is kept.",
        limit=limit,
        hint="Go on tomorrow, or raise budgets.day in config.yaml.",
    )
