"""Vectors are one leg more: only those of one model are compared, exactly where it counts, without any extension."""

from __future__ import annotations

import random
from array import array
from typing import cast

import pytest

from hermes_tui.capabilities.memory import extension
from hermes_tui.capabilities.memory.database import GIVEN, Connection
from hermes_tui.capabilities.memory.extension import ExtensionScan
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.matrix import MatrixScan
from hermes_tui.capabilities.memory.ranking import Recall, Search
from hermes_tui.capabilities.memory.scan import Scan, SignScan
from hermes_tui.capabilities.memory.vectors import Query, Vectors

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


@pytest.fixture(params=[SignScan, MatrixScan, ExtensionScan, lambda: MatrixScan(100), lambda: ExtensionScan(100)])
def scan(request: pytest.FixtureRequest, index: MemoryIndex) -> Scan:
    """Each way to compare; where SQLite loads no extensions, the functions of sqlite-vec are played by Python's."""
    made: Scan = request.param()
    if isinstance(made, ExtensionScan):
        with index.database.reading() as connection:
            if not extension.loads(connection):
                made = PlayedExtension(connection, made)
    return made


class PlayedExtension(ExtensionScan):
    """The same statements over functions of our own."""

    def __init__(self, connection: Connection, like: ExtensionScan) -> None:
        super().__init__(like._exact)
        self._loaded = connection
        connection.create_function("vec_bit", 1, bytes)
        connection.create_function("vec_distance_hamming", 2, _differing_bits)
        connection.create_function("vec_distance_cosine", 2, _distance)


def _differing_bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _distance(one: bytes, other: bytes) -> float:
    return 1 - sum(map(float.__mul__, array("f", one), array("f", other)))


def test_sqlite_vec_itself_compares_where_it_loads(index: MemoryIndex) -> None:
    index.add([Item(id="a", text="Espresso", layer=Layer.NOTE, vector=unit(1, *[0.1] * 31))])
    with index.database.reading() as connection:
        if not extension.loads(connection):
            pytest.skip("this Python's SQLite loads no extensions")

        found = ExtensionScan().nearest(connection, Layer.NOTE, Query(GIVEN, unit(1, *[0.0] * 31)), 5)

    assert len(found) == 1


class _Closed:
    """A connection as Pythons without extension loading make them: what would load one is not there."""


def test_a_python_that_loads_no_extensions_is_told_and_is_no_error() -> None:
    assert not extension.loads(cast("Connection", _Closed()))


def test_every_scan_finds_nearly_what_the_exact_one_finds(index: MemoryIndex, scan: Scan) -> None:
    chance = random.Random(4)
    centres = [[chance.gauss(0, 1) for _ in range(SIZE)] for _ in range(20)]
    clustered = [unit(*(value + chance.gauss(0, 0.4) for value in chance.choice(centres))) for _ in range(2_000)]
    index.add([Item(id=f"m{n}", text=f"word{n}", thread="t", vector=body) for n, body in enumerate(clustered)])
    asked = [Query(GIVEN, unit(*(value + chance.gauss(0, 0.4) for value in centre))) for centre in centres]
    shared = 0

    with index.database.reading() as connection:
        rows = [row for (row,) in connection.execute("SELECT row FROM item")]
        for query in asked:
            cosines = SignScan().cosines(connection, query, rows)
            exact = sorted(rows, key=lambda row: -cosines[row])[:10]
            shared += len(set(exact) & set(scan.nearest(connection, Layer.EPISODE, query, 10)))

    assert shared >= 0.98 * 10 * len(asked)


def test_a_scan_sees_what_was_added_changed_and_thrown_away_since(index: MemoryIndex, scan: Scan) -> None:
    chance = random.Random(1)
    target = Query(GIVEN, some(chance))

    def nearest() -> list[str]:
        with index.database.reading() as connection:
            rows = scan.nearest(connection, Layer.EPISODE, target, 5)
            there = (connection.execute("SELECT id FROM item WHERE row=?", [row]).fetchone() for row in rows)
            return [found[0] for found in there if found][:1]

    index.add([Item(id=f"m{n}", text=f"word{n}", thread="t", vector=some(chance)) for n in range(40)])
    before = nearest()
    index.add([Item(id="late", text="late", thread="t", vector=target.body)])
    assert nearest() == ["late"] != before
    index.drop(["late"])
    assert nearest() == before
    index.add([Item(id="again", text="late", thread="t")])
    assert nearest() == ["again"]
    index.database.start_over()
    assert nearest() == []
    index.add([Item(id="new", text="new", thread="t", vector=some(chance))])
    assert nearest() == ["new"]


def test_what_may_not_be_found_does_not_hide_what_lies_further_off(index: MemoryIndex, scan: Scan) -> None:
    chance = random.Random(2)
    asked = some(chance)
    index.scan = scan
    nearer = [Item(id=f"old{n}", text=f"word{n}", layer=Layer.NOTE, live=False, vector=asked) for n in range(80)]
    further = [Item(id=f"far{n}", text=f"other{n}", layer=Layer.NOTE, vector=some(chance)) for n in range(1_000)]
    index.add([*nearer, *further, Item(id="wanted", text="here", layer=Layer.NOTE, vector=_bent(asked))])

    hits = Recall(index).search(Search(text="unheard of", now=0.0, layers=(Layer.NOTE,), query=Query(GIVEN, asked)))

    assert hits[0].item.id == "wanted"


def _bent(body: bytes) -> bytes:
    """Return a vector close to another."""
    first, *rest = array("f", body)
    return unit(first + 0.1, *rest)
