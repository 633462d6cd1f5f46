"""What an operator is shown in lists: sessions, which notes wait or are pinned, who wrote a line."""

from __future__ import annotations

from collections.abc import Mapping

from hermes_tui.domain.values import frozen


@frozen
class Summary:
    """A session in a list: what it was for, how it stands, what it cost and when it was written last."""

    session: str
    goal: str
    name: str
    status: str
    usd: float
    workspace: str
    written_at: float
    records: int


@frozen(kw_only=False)
class Standing:
    """Which notes wait for an answer, with their ids by path, and which are pinned."""

    waiting: Mapping[str, str]
    pinned: frozenset[str]


@frozen(kw_only=False)
class Authored:
    """A line of a note, with the commit that wrote it, and its author and time."""

    commit: str
    author: str
    at: float
    text: str
