"""The index keeps what it is given, forgets what it is told to, and does not care in which order."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.candidates import Filters
from hermes_tui.capabilities.memory.database import IndexDatabase, IndexUnreadable
from hermes_tui.capabilities.memory.index import MemoryIndex, Source
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.ranking import Hit, Recall, Search

NOW = 1_750_000_000.0
WORDS = ("river", "stone", "lamp", "window", "letter", "garden", "engine", "copper", "market", "signal", "tower")


def found(index: MemoryIndex, text: str, *, most: int = 5, filters: Filters | None = None) -> list[str]:
    search = Search(text=text, now=NOW, most=most, filters=filters or Filters())
    return [hit.item.id for hit in Recall(index).search(search)]


def scored(index: MemoryIndex, text: str) -> list[tuple[str, float]]:
    hits: list[Hit] = Recall(index).search(Search(text=text, now=NOW, most=50))
    return [(hit.item.id, hit.score) for hit in hits]


def test_an_item_is_found_as_soon_as_it_is_stored(index: MemoryIndex) -> None:
    index.add([Item(id="a", text="The copper kettle stands in the pantry"), Item(id="b", text="A walk by the sea")])

    assert found(index, "where is the kettle?")[0] == "a"


def test_an_item_with_a_known_id_replaces_the_old_one_in_its_place(index: MemoryIndex) -> None:
    index.add([Item(id=name, text=f"{name} speaks", thread="t") for name in ("one", "two", "three")])

    index.add([Item(id="two", text="Now about violins", thread="t")])

    assert found(index, "violins", most=1) == ["two"]
    assert [item.id for item in index.around("two", 1)] == ["one", "two", "three"]
    assert index.counts() == {"document": 0, "episode": 3, "note": 0}


def test_what_is_dropped_is_found_no_more(index: MemoryIndex) -> None:
    index.add([Item(id="a", text="violins", source="x"), Item(id="b", text="violins again", source="y")])

    assert index.drop(["a", "missing"]) == 1
    assert found(index, "violins") == ["b"]
    assert index.drop_source("y") == 1
    assert found(index, "violins") == []


def test_a_source_is_replaced_as_a_whole(index: MemoryIndex) -> None:
    old = [Item(id=str(number), text=f"old {word}", source="f") for number, word in enumerate(("lamp", "tower"))]
    index.replace_source(Source(name="f", items=old, digest="d1"))

    new = Source(name="f", items=[Item(id="3", text="new bridge", source="f")], digest="d2")
    index.replace_source(new)

    assert found(index, "old lamp tower bridge") == ["3"]
    assert index.seen() == [Source(name="f", digest="d2")]


def test_what_was_superseded_is_found_only_when_the_past_is_asked_for(index: MemoryIndex) -> None:
    past = Item(id="old", text="Deploys go out on Friday", layer=Layer.NOTE, live=False)
    index.add([past, Item(id="new", text="Deploys go out on Monday", layer=Layer.NOTE)])

    assert found(index, "when do deploys go out?") == ["new"]
    assert set(found(index, "when do deploys go out?", filters=Filters(past=True))) == {"new", "old"}


def test_filters_narrow_by_scope_speaker_and_time(index: MemoryIndex) -> None:
    index.add(
        [
            Item(id="here", text="violins", scope="w1", speaker="operator", at=100.0),
            Item(id="there", text="violins", scope="w2", speaker="model", at=200.0),
            Item(id="everywhere", text="violins", at=300.0),
        ]
    )

    assert set(found(index, "violins", filters=Filters(scopes=("", "w1")))) == {"here", "everywhere"}
    assert found(index, "violins", filters=Filters(speaker="model")) == ["there"]
    assert found(index, "violins", filters=Filters(after=150.0, before=250.0)) == ["there"]


def test_a_filter_that_leaves_little_finds_it_behind_many_better_matches(index: MemoryIndex) -> None:
    index.add([Item(id=f"loud{n}", text="violins violins tuned", speaker="model", at=float(n)) for n in range(1_600)])
    index.add([Item(id="quiet", text="we heard violins being tuned", speaker="operator", kind="message", at=5e9)])
    for filters in (Filters(speaker="operator"), Filters(kinds=("message",)), Filters(after=4e9)):
        assert found(index, "violins tuned", filters=filters) == ["quiet"]


def test_what_was_superseded_hides_no_live_note_however_much_there_is_of_it(index: MemoryIndex) -> None:
    past = [Item(id=f"p{n}", text="violins", layer=Layer.NOTE, live=False, thread=f"{n}") for n in range(1_100)]
    index.add([*past, Item(id="live", text="of violins it is said that they sing", layer=Layer.NOTE, thread="live")])

    assert found(index, "violins") == ["live"]


def test_another_order_of_arrival_gives_the_same_ranking(tmp_path: Path) -> None:
    chance = random.Random(5)
    items = [
        Item(
            id=f"m{number:04}",
            text=" ".join(chance.choices(WORDS, k=6)),
            thread=f"t{number // 10}",
            place=number % 10,
            speaker=("Ann", "Bob")[number % 2],
            at=NOW - number,
        )
        for number in range(1_500)
    ]
    straight, detour = (MemoryIndex(IndexDatabase(tmp_path / name / "index.db")) for name in ("straight", "detour"))
    shuffled = chance.sample(items, len(items))

    straight.add(items)
    detour.add([Item(id="passing", text="lamp", thread="gone", speaker="Stranger", place=0), *shuffled[:700]])
    for item in shuffled[700:]:
        detour.add([item])
    detour.add(shuffled[100:200])
    detour.drop(["passing"])

    questions = ("copper lamp by the river", "what did Bob say of the market", "Stranger", "signal tower bridge engine")
    assert [scored(detour, text) for text in questions] == [scored(straight, text) for text in questions]
    straight.database.close()
    detour.database.close()


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "index.db"

    def write(name: str) -> None:
        mine = MemoryIndex(IndexDatabase(path))
        for number in range(40):
            mine.add([Item(id=f"{name}{number}", text=f"{name} writes {number}", thread=name)])
        mine.database.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    index = MemoryIndex(IndexDatabase(path))
    assert index.counts()["episode"] == 80
    assert len(index.get([f"{name}{number}" for name in ("ann", "bob") for number in range(40)])) == 80
    index.database.close()


def test_who_has_the_index_open_sees_that_it_was_made_anew(tmp_path: Path) -> None:
    mine, other = (MemoryIndex(IndexDatabase(tmp_path / "index.db")) for _ in range(2))
    mine.add([Item(id="a", text="Espresso at dawn")])

    other.database.start_over()
    other.add([Item(id="b", text="Tea at dawn")])

    assert list(mine.get(["a", "b"])) == ["b"]
    mine.database.close()
    other.database.close()


def test_a_damaged_file_is_set_aside_and_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(b"this is no database " * 500)

    database = IndexDatabase(path)

    assert database.fresh
    assert database.is_sound()
    database.close()


def test_damage_found_while_reading_names_the_remedy(index: MemoryIndex) -> None:
    index.add([Item(id=f"m{number}", text=" ".join(WORDS)) for number in range(2_000)])
    path = index.database.path
    index.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096 * 60)
        file.write(b"\xa5" * (path.stat().st_size - 4096 * 60))
    other = IndexDatabase(path)

    assert not other.is_sound()
    with pytest.raises(IndexUnreadable, match="damaged") as caught:
        found(MemoryIndex(other), "lamp")
    assert "reindex" in caught.value.hint
    other.start_over()
    assert other.is_sound()
    other.close()


def test_a_write_that_fails_leaves_what_was_there(index: MemoryIndex) -> None:
    index.add([Item(id="a", text="lamp", thread="t", place=0)])
    before = index.database.generation()

    with pytest.raises(index.database.connection.IntegrityError):
        index.add([Item(id="b", text="tower", thread="t", place=1), Item(id="c", text="clash", thread="t", place=1)])

    assert found(index, "tower") == []
    assert found(index, "lamp") == ["a"]
    assert index.database.generation() == before
