"""A session's share of the day's cap: drawn in slices, so that sessions beside each other never pass it."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.errors import LimitReached
from hermes_tui.domain.ids import Seq, SessionId
from hermes_tui.domain.ports import Clock
from hermes_tui.domain.usage import Limits

SLICE: Final = 0.05
OPEN_S: Final = 900.0
"""After this a draw that was never settled cannot belong to a call that still runs."""

LEAST_USD: Final = 1e-9
"""Less is what adding up in another order makes of the same sums."""
BOOK_S: Final = 1.0
"""How long what was spent may wait to be written together with what follows; the share drawn for it stands already."""

Left = tuple[float, int, Seq]
"""What a session spent in all, in USD and tokens, and its last record."""
_Draw = tuple[float, float, int, str]
_Spend = tuple[str, int, str, float, int]


class SessionDay:
    """The `DayBudget` of one session.

    A draw stays open until a call is settled, the oldest first, or `OPEN_S` have passed. `left_by` returns what another
    session's journal says that it spent, None while it has an owner; what a dead one drew and did not spend is taken
    back when it is needed.

    Writing the ledger costs several waits for the disk, so that settled calls are booked together, at most `BOOK_S`
    late. Nobody can pass the cap meanwhile: what others see as taken is the share that was drawn before the call. What
    a crash kept from being booked is known from the journal, see `catch_up`.
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
        self._open: deque[_Draw] = deque()
        self._unbooked: list[_Spend] = []
        self._booked_at = -BOOK_S
        self._day = ""
        self._usd = self._spent_usd = 0.0
        self._tokens = self._spent_tokens = 0

    def draw(self, usd: float, tokens: int) -> None:
        """Make sure that this much more may be spent today.

        Raises:
            LimitReached: the day's cap would be passed.
        """
        with self._lock:
            self._begin_day()
            now = self._clock.monotonic()
            while self._open and self._open[0][0] <= now - OPEN_S:
                self._open.popleft()
            usd_needed = self._spent_usd + sum(draw[1] for draw in self._open) + usd
            tokens_needed = self._spent_tokens + sum(draw[2] for draw in self._open) + tokens
            if self._passes(usd_needed, tokens_needed):
                self._grow(usd_needed, tokens_needed)
            self._open.append((now, usd, tokens, self._day))

    def settle(self, usd: float, tokens: int, seq: Seq) -> None:
        """Book what was spent, on the day it was drawn; idempotent by `seq`."""
        with self._lock:
            self._begin_day()
            day = self._open.popleft()[3] if self._open else self._day
            if any(row[1] == seq for row in self._unbooked):
                return
            self._unbooked.append((self._session, seq, day, usd, tokens))
            if day == self._day:
                self._spent_usd += usd
                self._spent_tokens += tokens
            late = self._clock.monotonic() - self._booked_at >= BOOK_S
            if late or day != self._day or self._passes(self._spent_usd, self._spent_tokens):
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
            self._load(connection)

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

    def _load(self, connection: sqlite3.Connection) -> None:
        row = connection.execute(
            "SELECT usd, tokens, spent_usd, spent_tokens FROM allotment WHERE session=? AND day=?",
            (self._session, self._day),
        ).fetchone()
        self._usd, self._tokens, self._spent_usd, self._spent_tokens = row or (0.0, 0, 0.0, 0)

    def _grow(self, usd: float, tokens: int) -> None:
        with self._ledger.transaction() as connection:
            self._write(connection)
            self._load(connection)
            left_usd, left_tokens = self._left(connection)
            if (left_usd is not None and usd > left_usd) or (left_tokens is not None and tokens > left_tokens):
                self._reclaim(connection)
                left_usd, left_tokens = self._left(connection)
            if left_usd is not None and usd > left_usd:
                raise _reached(f"${self._cap.usd:.2f}", "day_usd")
            if left_tokens is not None and tokens > left_tokens:
                raise _reached(f"{self._cap.tokens:,} tokens", "day_tokens")
            new_usd, new_tokens = max(usd, self._usd), max(tokens, self._tokens)
            if left_usd is not None:
                new_usd = min(left_usd, max(new_usd, self._usd + SLICE * (self._cap.usd or 0.0)))
            if left_tokens is not None:
                new_tokens = min(left_tokens, max(new_tokens, self._tokens + int(SLICE * (self._cap.tokens or 0))))
            connection.execute(
                "INSERT INTO allotment VALUES(?1, ?2, ?3, ?4, 0, 0) ON CONFLICT DO UPDATE SET usd=?3, tokens=?4",
                (self._session, self._day, new_usd, new_tokens),
            )
            self._usd, self._tokens = new_usd, new_tokens

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
            "SELECT session FROM allotment WHERE day=? AND session<>? AND (usd>spent_usd OR tokens>spent_tokens)",
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


def _reached(cap: str, limit: str) -> LimitReached:
    return LimitReached(
        f"Stopped at the day's cap of {cap}. Work is kept.",
        limit=limit,
        hint="Go on tomorrow, or raise budgets.day in config.yaml.",
    )
