"""A directed acyclic graph as lanes: one node per row, like the graph of commits, readable at any size."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final, Generic, TypeVar

from hermes_tui.domain.values import frozen, mutable

Node = TypeVar("Node")
MOST_LANES: Final = 8
"""With more open lanes than this, an edge joins the lane that already runs to its target."""


@frozen(kw_only=False)
class LaneRow(Generic[Node]):
    """A row: its node, the lane of it, and the signs left and right of it; `*` stands where the node is.

    `under` is what the lanes look like between this row and the next.
    """

    node: Node
    lane: int
    cells: str
    under: str = ""


def order(needs: Mapping[Node, Sequence[Node]], preferred: frozenset[Node] = frozenset()) -> list[Node]:
    """Return the nodes so that each comes after what it needs; preferred ones first, then as they were given."""
    rank = {node: (node not in preferred, at) for at, node in enumerate(needs)}
    open_needs = {node: sum(need in needs for need in set(some)) for node, some in needs.items()}
    followers = successors(needs)
    ready = [(rank[node], node) for node, count in open_needs.items() if count == 0]
    heap = [(key, at, node) for at, (key, node) in enumerate(ready)]
    heapq.heapify(heap)
    found: list[Node] = []
    while heap:
        _, _, node = heapq.heappop(heap)
        found.append(node)
        for follower in followers[node]:
            open_needs[follower] -= 1
            if open_needs[follower] == 0:
                heapq.heappush(heap, (rank[follower], rank[follower][1], follower))
    seen = set(found)
    return found + [node for node in needs if node not in seen]


def successors(needs: Mapping[Node, Sequence[Node]]) -> dict[Node, list[Node]]:
    """Return what follows each node."""
    found: dict[Node, list[Node]] = {node: [] for node in needs}
    for node, some in needs.items():
        for need in dict.fromkeys(some):
            if need in found:
                found[need].append(node)
    return found


def longest_chain(needs: Mapping[Node, Sequence[Node]], weight: Mapping[Node, float]) -> list[Node]:
    """Return the chain of dependencies with the greatest weight; empty where nothing has any."""
    best: dict[Node, float] = {}
    before: dict[Node, Node | None] = {}
    for node in order(needs):
        earlier = [need for need in needs[node] if need in best]
        via = max(earlier, key=lambda need: best[need], default=None)
        best[node] = weight[node] + (best[via] if via is not None else 0.0)
        before[node] = via
    last = max(best, key=lambda node: best[node], default=None)
    chain: list[Node] = []
    while last is not None and best[last] > 0:
        chain.append(last)
        last = before[last]
    return [node for node in reversed(chain) if weight[node] > 0]


@mutable
class _Lanes(Generic[Node]):
    """The open lanes: what each waits for, and whether it is critical."""

    targets: list[Node | None] = field(default_factory=list[Node | None])
    strong: list[bool] = field(default_factory=list[bool])

    def free(self, near: int) -> int:
        """Return the free lane nearest to `near`, on its right if there is one as near."""
        gaps = [at for at, target in enumerate(self.targets) if target is None]
        gaps.append(len(self.targets))
        return min(gaps, key=lambda at: (abs(at - near), at < near))

    def put(self, lane: int, target: Node | None, *, strong: bool = False) -> None:
        """Let a lane wait for `target`."""
        while len(self.targets) <= lane:
            self.targets.append(None)
            self.strong.append(False)
        self.targets[lane], self.strong[lane] = target, strong

    def drawn(self) -> str:
        """Return the lanes as they run on."""
        signs = ("║" if strong else "│" for strong in self.strong)
        return " ".join(sign if target is not None else " " for sign, target in zip(signs, self.targets, strict=True))

    def trim(self) -> None:
        """Forget free lanes at the end."""
        while self.targets and self.targets[-1] is None:
            self.targets.pop()
            self.strong.pop()


def lay_out(
    needs: Mapping[Node, Sequence[Node]], critical: frozenset[Node], ordered: Sequence[Node]
) -> list[LaneRow[Node]]:
    """Return a row for each node of `ordered`, which must be in topological order."""
    followers = successors(needs)
    lanes: _Lanes[Node] = _Lanes()
    place = {node: at for at, node in enumerate(ordered)}
    rows: list[LaneRow[Node]] = []
    for node in ordered:
        waiting = [at for at, target in enumerate(lanes.targets) if target == node]
        own = waiting[0] if waiting else lanes.free(0)
        lanes.put(own, node)
        before = list(lanes.targets)
        strong = list(lanes.strong)
        for at in waiting[1:]:
            lanes.put(at, None)
        opened, joined = _open(lanes, node, own, sorted(followers[node], key=lambda one: place.get(one, 0)), critical)
        cells = _draw(own, before, strong, set(waiting[1:]), opened, joined)
        lanes.trim()
        rows.append(LaneRow(node, own, cells, lanes.drawn()))
    return rows


def _open(
    lanes: _Lanes[Node], node: Node, own: int, following: Sequence[Node], critical: frozenset[Node]
) -> tuple[set[int], set[int]]:
    """Let the node's successors take lanes; return the lanes that open and those that are joined."""
    opened: set[int] = set()
    joined: set[int] = set()
    lanes.put(own, None)
    ahead = sorted(following, key=lambda one: one not in critical) if node in critical else following
    for number, one in enumerate(ahead):
        strong = node in critical and one in critical
        running = [at for at, target in enumerate(lanes.targets) if target == one and at != own]
        if running and sum(target is not None for target in lanes.targets) >= MOST_LANES:
            joined.add(running[0])
            continue
        lane = own if number == 0 else lanes.free(own)
        lanes.put(lane, one, strong=strong)
        if lane != own:
            opened.add(lane)
    return opened, joined


def _draw(
    own: int, before: Sequence[object], strong: Sequence[bool], closed: set[int], opened: set[int], joined: set[int]
) -> str:
    touched = closed | opened | joined
    left, right = min({own, *touched}), max({own, *touched})
    count = max(len(before), right + 1)
    cells: list[str] = []
    for at in range(count):
        inside = left <= at <= right
        running = at < len(before) and before[at] is not None and at != own
        vertical = "║" if running and strong[at] else "│"
        if at == own:
            sign = "*"
        elif at in touched:
            sign = _corner(at, (left, right), above=running, below=at in opened or (at in joined))
        elif running:
            sign = "┼" if inside else vertical
        else:
            sign = "─" if inside else " "
        cells.append(sign)
        cells.append("─" if left <= at < right else " ")
    return "".join(cells).rstrip()


def _corner(at: int, ends: tuple[int, int], *, above: bool, below: bool) -> str:
    """Return the sign where a horizontal line meets a lane that comes from above or goes on below."""
    if at == ends[0]:
        return "├" if above and below else "└" if above else "┌"
    if at == ends[1]:
        return "┤" if above and below else "┘" if above else "┐"
    return "┼" if above and below else "┴" if above else "┬"
