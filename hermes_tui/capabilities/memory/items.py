"""What is indexed: one turn of an episode, one note, one piece of a document."""

from __future__ import annotations

from enum import StrEnum

from hermes_tui.domain.values import frozen


class Layer(StrEnum):
    """Which kind of memory an item belongs to; each is ranked by weights of its own."""

    EPISODE = "episode"
    NOTE = "note"
    DOCUMENT = "document"


@frozen
class Item:
    """One memory.

    `thread` groups what was said or written together (a session, a note file, a document) and `place` orders it there;
    None is "after the last one". `source` says where it can be looked up. `at` is Unix seconds, UTC. `live` is False
    for what was superseded or has expired: it stays findable for its history only. `vector` is little-endian float32.
    `scope` is empty for what holds everywhere, else it names the workspace. `anchor` says where in the source the text
    stands, such as `L12` or `p. 3`.
    """

    id: str
    text: str
    layer: Layer = Layer.EPISODE
    thread: str = ""
    place: int | None = None
    speaker: str = ""
    at: float = 0.0
    source: str = ""
    kind: str = ""
    live: bool = True
    scope: str = ""
    anchor: str = ""
    vector: bytes = b""
