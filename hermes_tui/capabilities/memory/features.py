"""The named features of a candidate: what speaks for it, each a number near 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import nlargest
from typing import Final

from hermes_tui.capabilities.memory.cues import Cue
from hermes_tui.capabilities.memory.moments import nearness
from hermes_tui.capabilities.memory.pool import NOTHING, Match, Pool, Row
from hermes_tui.capabilities.memory.question import Want

NAMES: Final = (
    *("lexical", "lexical_share", "cover", "cover_squared", "rarest", "hits", "lexical_length", "similar", "related"),
    *("before", "before_share", "before_2", "after_share", "cover_before", "cover_after", "cover_1", "cover_2"),
    *("cover_3", "cover_1_length", "similar_before", "similar_after", "related_before", "related_after"),
    *("thread_cover", "thread_lexical", "thread_share", "thread_top", "thread_top_share", "thread_start"),
    "thread_speaker",
    *("speaker", "speaker_lexical", "speaker_cover", "speaker_before", "speaker_cover_1", "speaker_related"),
    *("speaker_self", "other_addressed", "other_addressed_cover"),
    *("reply", "reply_lexical", "reply_cover", "reply_near_cover", "asks", "asks_cover", "question_cover"),
    *("short", "names", "time_wanted", "time_wanted_cover", "time_wanted_after", "number_wanted"),
    *("number_wanted_cover", "place_wanted", "reason_wanted", "date", "date_time"),
    *("recent", "vector", "vector_share", "vector_before", "vector_after", "vector_thread"),
)
HALF_LIFE_S: Final = 90 * 86_400.0
"""After so long a memory counts half as recent; a weak prior that decides between equals, never a filter."""
_FAR: Final = (0.0,) * 5


class Features:
    """Computes the features of the rows of one pool."""

    def __init__(self, pool: Pool, now: float, cosines: Mapping[int, float]) -> None:
        self._pool = pool
        self._near = _Nearness(pool, cosines) if cosines else None
        self._now = now
        self._length = len(pool.question.terms) / 5
        wants = pool.question.wants
        self._when, self._many = Want.TIME in wants, Want.NUMBER in wants
        self._where, self._why = Want.PLACE in wants, Want.REASON in wants
        self._speakers = pool.question.speakers

    def of(self, row: Row) -> list[float]:
        """Return one value for each of `NAMES`."""
        pool, spot = self._pool, row.spot
        found, own, best = pool.matches.get, pool.matches[spot], pool.best_lexical
        before, after, before_2 = found(spot - 1, NOTHING), found(spot + 1, NOTHING), found(spot - 2, NOTHING)
        mask_1 = own.mask | before.mask | after.mask
        mask_2 = mask_1 | before_2.mask | found(spot + 2, NOTHING).mask
        mask_3 = mask_2 | found(spot - 3, NOTHING).mask | found(spot + 3, NOTHING).mask
        cover_1 = pool.share(mask_1)
        cover_before = pool.share(own.mask | before.mask)
        return [
            own.lexical,
            own.lexical / best,
            own.cover,
            own.cover * own.cover,
            own.rarest,
            min(own.mask.bit_count(), 4) / 4,
            own.lexical * self._length,
            own.similar,
            own.related,
            before.lexical,
            before.lexical / best,
            before_2.lexical,
            after.lexical / best,
            cover_before,
            pool.share(own.mask | after.mask),
            cover_1,
            pool.share(mask_2),
            pool.share(mask_3),
            cover_1 * self._length,
            before.similar,
            after.similar,
            before.related,
            after.related,
            *self._of_thread(row),
            *self._of_speaker(row, own, before, cover_1),
            *self._of_talk(row, own, before),
            *self._of_answer(row, own, cover_before),
            0.5 ** (max(0.0, self._now - row.at) / HALF_LIFE_S),
            *(self._near.of(row) if self._near is not None else _FAR),
        ]

    def _of_thread(self, row: Row) -> tuple[float, ...]:
        pool = self._pool
        thread = pool.threads[row.thread]
        start = float(row.spot & 0xFFFFFF == 0)
        share, top = thread.lexical / pool.best_thread, thread.top / pool.best_top
        heard = float(not self._speakers.isdisjoint(thread.speakers))
        return thread.cover, thread.lexical, share, thread.top, top, start, heard

    def _of_speaker(self, row: Row, own: Match, before: Match, cover_1: float) -> tuple[float, ...]:
        if not self._speakers:
            return (0.0,) * 9
        if row.speaker in self._speakers:
            told = float(row.cues & Cue.SELF > 0)
            return 1.0, own.lexical, own.cover, before.lexical, cover_1, own.related, told, 0.0, 0.0
        addressed = float(row.cues & Cue.OTHER > 0)
        return *(0.0,) * 7, addressed, addressed * own.cover

    def _of_talk(self, row: Row, own: Match, before: Match) -> tuple[float, ...]:
        previous = self._pool.rows.get(row.spot - 1)
        asked = replied = 0.0
        if previous is not None and previous.speaker != row.speaker:
            asked = float(previous.cues & Cue.ASKS > 0)
            replied = float(previous.cues & Cue.QUESTION > 0)
        cues = row.cues
        asks = float(cues & Cue.ASKS > 0)
        question = float(cues & Cue.QUESTION > 0)
        names = 1.0 if cues & Cue.NAMES else 0.5 if cues & Cue.NAME else 0.0
        return (
            *(asked, asked * before.lexical, asked * before.cover, replied * before.cover),
            *(asks, asks * own.cover, question * own.cover, float(cues & Cue.SHORT > 0), names),
        )

    def _of_answer(self, row: Row, own: Match, cover_before: float) -> tuple[float, ...]:
        cues, question = row.cues, self._pool.question
        time = float(self._when and cues & Cue.TIME > 0)
        after = self._pool.rows.get(row.spot + 1)
        time_after = float(self._when and after is not None and after.cues & Cue.TIME > 0)
        number = float(self._many and cues & Cue.NUMBER > 0)
        date = nearness(question.moments, row.at) if question.moments else 0.0
        return (
            *(time, time * own.cover, time_after, number, number * cover_before),
            *(float(self._where and cues & Cue.NAME > 0), float(self._why and cues & Cue.REASON > 0)),
            *(date, date * float(cues & Cue.TIME > 0)),
        )


class _Nearness:
    """How near the query's vector lies to a row, to what stands beside it, and to its thread."""

    def __init__(self, pool: Pool, cosines: Mapping[int, float]) -> None:
        self._by_spot = {row.spot: max(0.0, cosines.get(row.row, 0.0)) for row in pool.rows.values()}
        self._best = max(self._by_spot.values(), default=0.0) or 1.0
        threads: dict[int, list[float]] = {}
        for row in pool.rows.values():
            threads.setdefault(row.thread, []).append(self._by_spot[row.spot])
        self._threads = {thread: sum(nlargest(3, values)) / 3 for thread, values in threads.items()}

    def of(self, row: Row) -> tuple[float, ...]:
        own = self._by_spot[row.spot]
        before, after = self._by_spot.get(row.spot - 1, 0.0), self._by_spot.get(row.spot + 1, 0.0)
        return own, own / self._best, before, after, self._threads[row.thread]
