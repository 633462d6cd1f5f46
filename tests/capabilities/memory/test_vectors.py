"""Vectors are one leg more: only those of one model are compared, exactly where it counts, without any extension."""

from __future__ import annotations

import random
from array import array
from pathlib import Path

from hermes_tui.capabilities.memory import vectors
from hermes_tui.capabilities.memory.database import GIVEN, IndexDatabase
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.ranking import Recall, Search
from hermes_tui.capabilities.memory.vectors import Query, Scan, Vectors, cosines_of

SIZE = 32


def unit(*numbers: float) -> bytes:
    length = sum(number * number for number in numbers) ** 0.5
    return array("f", [number / length for number in numbers]).tobytes()


def some(chance: random.Random) -> bytes:
    return unit(*(chance.gauss(0, 1) for _ in range(SIZE)))


def test_a_note_without_a_common_word_is_found_by_its_vector_and_says_so(index: MemoryIndex) -> None:
    index.add(
        [
            Item(id="near", text="Espresso with sugar", layer=Layer.NOTE, thread="a", vector=unit(1, 0.1)),
            Item(id="far", text="The ladder is broken", layer=Layer.NOTE, thread="b", vector=unit(-1, 0.2)),
        ]
    )

    (hit, *_) = Recall(index).search(Search(text="morning coffee", now=0.0, query=Query(GIVEN, unit(1, 0))))

    assert hit.item.id == "near"
    assert hit.reasons[0].feature == "vector"
    assert Recall(index).search(Search(text="morning coffee", now=0.0)) == []


def test_vectors_of_another_model_or_size_are_never_compared(index: MemoryIndex) -> None:
    index.add([Item(id="a", text="Espresso at dawn", layer=Layer.NOTE, vector=unit(1, 0))])

    for query in (Query("ollama:other", unit(1, 0)), Query(GIVEN, unit(1, 0, 0))):
        assert Recall(index).search(Search(text="coffee", now=0.0, query=query)) == []


def test_what_has_no_vector_yet_is_found_by_words_and_is_pending(index: MemoryIndex) -> None:
    index.add([Item(id="a", text="Espresso at dawn", layer=Layer.NOTE), Item(id="b", text="Tea", layer=Layer.NOTE)])
    kept = Vectors(index.database)

    assert kept.count_pending("m") == 2
    kept.put("m", {digest: unit(1, 0) for digest, text in kept.pending("m", 10) if text == "Tea"})

    assert [text for _, text in kept.pending("m", 10)] == ["Espresso at dawn"]
    hits = Recall(index).search(Search(text="espresso", now=0.0, query=Query("m", unit(0, 1))))
    assert hits[0].item.id == "a"


def test_a_vector_outlives_a_rename_and_goes_with_its_model(index: MemoryIndex) -> None:
    index.add([Item(id="a", text="Espresso", thread="old", vector=unit(1, 0))])
    index.add([Item(id="a", text="Espresso", thread="new")])
    kept = Vectors(index.database)

    assert kept.count_pending(GIVEN) == 0
    kept.drop_others("m")
    assert kept.count_pending(GIVEN) == 1


def test_the_scan_by_signs_finds_nearly_what_the_exact_one_finds(tmp_path: Path) -> None:
    chance = random.Random(4)
    index = MemoryIndex(IndexDatabase(tmp_path / "index.db"))
    centres = [[chance.gauss(0, 1) for _ in range(SIZE)] for _ in range(20)]
    clustered = [unit(*(value + chance.gauss(0, 0.4) for value in chance.choice(centres))) for _ in range(3_000)]
    index.add([Item(id=f"m{n}", text=f"word{n}", thread="t", vector=body) for n, body in enumerate(clustered)])
    asked = [Query(GIVEN, unit(*(value + chance.gauss(0, 0.4) for value in centre))) for centre in centres]
    scan, shared = Scan(), 0

    with index.database.reading() as connection:
        rows = [row for (row,) in connection.execute("SELECT row FROM item")]
        for query in asked:
            cosines = cosines_of(connection, query, rows)
            exact = sorted(rows, key=lambda row: -cosines[row])[:10]
            shared += len(set(exact) & set(scan.nearest(connection, Layer.EPISODE, query, 10)))

    assert len(rows) > vectors.EXACT
    assert shared >= 0.9 * 10 * len(asked)
    index.database.close()


def test_the_scan_sees_what_was_added_since(index: MemoryIndex) -> None:
    chance = random.Random(1)
    index.add([Item(id=f"m{n}", text=f"word{n}", thread="t", vector=some(chance)) for n in range(1_200)])
    scan, target = Scan(), some(chance)
    with index.database.reading() as connection:
        scan.nearest(connection, Layer.EPISODE, Query(GIVEN, target), 1)

    index.add([Item(id="late", text="late", thread="t", vector=target)])

    with index.database.reading() as connection:
        (row,) = scan.nearest(connection, Layer.EPISODE, Query(GIVEN, target), 1)
        assert connection.execute("SELECT id FROM item WHERE row=?", (row,)).fetchone() == ("late",)
