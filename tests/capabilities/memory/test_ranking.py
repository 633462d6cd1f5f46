"""Hits come with the reasons for their rank, and the right one comes first."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from hermes_tui.capabilities.memory import features, weights
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.ranking import Recall, Search

TALK = (
    ("Iris", "Did you hear back from the harbour office?"),
    ("Noel", "Yes, they offered me the keeper position!"),
    ("Iris", "Wonderful. What will you do first?"),
    ("Noel", "Repaint the railing, it peels everywhere."),
)
NOW = datetime(2025, 6, 1, tzinfo=UTC).timestamp()


def talk(index: MemoryIndex) -> None:
    index.add([Item(id=f"t{n}", text=text, speaker=who, thread="s", at=NOW) for n, (who, text) in enumerate(TALK)])


def test_the_contributions_add_up_to_the_score(index: MemoryIndex) -> None:
    talk(index)

    hits = Recall(index).search(Search(text="What did Noel say about the railing?", now=NOW))

    assert hits[0].item.id == "t3"
    for hit in hits:
        assert math.isclose(hit.score, sum(reason.contribution for reason in hit.reasons), abs_tol=1e-9)
        assert all(reason.feature in features.NAMES for reason in hit.reasons)
    assert "lexical" in hits[0].why() or "cover" in hits[0].why()


def test_an_answer_is_found_by_the_question_before_it(index: MemoryIndex) -> None:
    talk(index)

    hits = Recall(index).search(Search(text="What came of the harbour office for Noel?", now=NOW, most=2))

    assert {hit.item.id for hit in hits} == {"t0", "t1"}


def test_who_is_named_prefers_the_talks_they_take_part_in_whoever_says_it(index: MemoryIndex) -> None:
    talk(index)
    index.add([Item(id="elsewhere", text="The railing peels again", speaker="Otto", thread="other", at=NOW)])
    index.add([Item(id="here", text="The railing peels again", speaker="Iris", thread="s", at=NOW)])

    hits = Recall(index).search(Search(text="What of the railing that Noel peels?", now=NOW))

    assert [hit.item.id for hit in hits if hit.item.id in ("elsewhere", "here")] == ["here", "elsewhere"]
    assert "thread_speaker" in {reason.feature for hit in hits if hit.item.id == "here" for reason in hit.reasons}


def test_a_date_in_the_question_prefers_what_was_said_then(index: MemoryIndex) -> None:
    for month in (1, 5):
        at = datetime(2025, month, 10, tzinfo=UTC).timestamp()
        index.add([Item(id=f"m{month}", text="We tested the siren", thread=f"s{month}", speaker="Noel", at=at)])

    hits = Recall(index).search(Search(text="When in January 2025 was the siren tested?", now=NOW))

    assert [hit.item.id for hit in hits] == ["m1", "m5"]


def test_age_decides_between_equals_and_hides_nothing(index: MemoryIndex) -> None:
    year = 365 * 86_400
    for name, age in (("old", 3 * year), ("new", 0)):
        index.add([Item(id=name, text="The gate code changed", layer=Layer.NOTE, thread=name, at=NOW - age)])
    index.add([Item(id="exact", text="The vault door jams", layer=Layer.NOTE, thread="x", at=NOW - 9 * year)])

    recall = Recall(index)

    assert [hit.item.id for hit in recall.search(Search(text="gate code", now=NOW, most=2))] == ["new", "old"]
    assert recall.search(Search(text="which door jams?", now=NOW, most=1))[0].item.id == "exact"


def test_words_meant_or_spelt_alike_are_found_too(index: MemoryIndex) -> None:
    index.add([Item(id="a", text="Her car broke down"), Item(id="b", text="Configuration lives in etc")])

    recall = Recall(index)

    assert recall.search(Search(text="configurable", now=NOW, most=1))[0].item.id == "b"
    assert recall.search(Search(text="vehicle auto", now=NOW, most=1))[0].item.id == "a"


def test_each_layer_has_weights_of_its_own_for_known_features_only() -> None:
    for layer, given in (
        (Layer.EPISODE, weights.EPISODE),
        (Layer.NOTE, weights.NOTE),
        (Layer.DOCUMENT, weights.DOCUMENT),
    ):
        assert set(given) <= set(features.NAMES)
        assert len(weights.of(layer)) == len(features.NAMES)
