"""What is remembered: once, without secrets, with absolute dates, the newest word in force and the old one kept."""

from __future__ import annotations

import random

import pytest

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.memory.notes import new_id, paths_for
from hermes_tui.capabilities.memory.writing import Writer, WritingPolicy
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.memory import Landing, NoteAuthor, NoteDraft, NoteKind, Origin, Remembered
from hermes_tui.domain.values import replace
from tests.capabilities.memory.vaults import TestVault, note, open_vault

AGENT = Origin(author=NoteAuthor.AGENT, session="s1", run="r1")
OPERATOR = Origin(author=NoteAuthor.OPERATOR)
SCOPE = "project-12345678"


def writer_of(vault: TestVault, policy: str = "auto", index_bytes: int = 4096) -> Writer:
    rule = WritingPolicy(agent=policy, index_bytes=index_bytes)
    return Writer(vault.ingress, SecretRedactor(), rule, vault.clock.now)


def say(vault: TestVault, text: str, origin: Origin = AGENT, **more: object) -> Remembered:
    return writer_of(vault).remember(NoteDraft(text=text, **more), origin, SCOPE)  # type: ignore[arg-type] # fields


def index_text(vault: TestVault) -> str:
    path = vault.home / "MEMORY.md"
    return path.read_text() if path.exists() else ""


def test_a_note_is_written_listed_and_found_at_once(vault: TestVault) -> None:
    told = say(vault, "The kettle stands in the pantry.", kind=NoteKind.FACT, tags=("house",))

    assert told.landing is Landing.WRITTEN
    assert told.note_id in told.message
    assert "bytes used" in told.message
    assert vault.found("where is the kettle?") == [told.note_id]
    assert index_text(vault) == f"- [The kettle stands in the pantry.]({told.path})\n"
    text = (vault.home / told.path).read_text()
    for line in ("author: agent", "created: 2026-01-01T12:00:00+00:00", "valid_from: 2026-01-01", "source: s1 r1"):
        assert line in text
    change = vault.outbox.pending()[0]
    assert change.trailers == (("Hermes-Note", told.note_id), ("Hermes-Session", "s1"), ("Hermes-Run", "r1"))


def test_what_was_written_after_reading_the_web_says_so_and_enters_no_window_unasked(vault: TestVault) -> None:
    told = say(vault, "The kettle is filled with oil.", replace(AGENT, provenance="web"))

    assert "provenance: web" in (vault.home / told.path).read_text()
    assert vault.found("what is in the kettle?") == [told.note_id]
    assert index_text(vault) == ""


def test_the_web_never_takes_the_place_of_what_was_known(vault: TestVault) -> None:
    known = say(vault, "The kettle is filled with water.", about="kettle content")

    told = say(vault, "The kettle is filled with oil.", replace(AGENT, provenance="web"), about="kettle content")

    assert told.landing is Landing.REVIEW
    assert f"after reading the web, which {known.note_id} was not" in told.message
    assert vault.found("what is in the kettle?") == [known.note_id]


def test_the_same_is_not_written_twice_exactly_or_nearly(vault: TestVault) -> None:
    first = say(vault, "The kettle stands in the pantry.")

    for text in ("the KETTLE stands in the pantry", "In the pantry stands the kettle!"):
        again = say(vault, text)
        assert (again.landing, again.note_id) == (Landing.KNOWN, first.note_id)
    assert len(vault.ingress.catalog.every()) == 1


def test_a_call_that_is_repeated_after_a_crash_writes_once(vault: TestVault) -> None:
    origin = Origin(author=NoteAuthor.AGENT, key="s1-call-7")

    first = say(vault, "The kettle is red.", origin)
    again = say(vault, "The kettle is red.", origin)

    assert (again.landing, again.note_id) == (Landing.KNOWN, first.note_id)


def test_a_contradiction_supersedes_and_the_old_one_is_kept_for_its_history(vault: TestVault) -> None:
    old = say(vault, "Releases happen on Friday.")
    vault.clock.at += 86_400

    new = say(vault, "Releases happen on Monday.")

    assert new.landing is Landing.SUPERSEDED
    assert old.note_id in new.message
    assert vault.found("when do releases happen?") == [new.note_id]
    assert set(vault.found("when do releases happen?", past=True)) == {new.note_id, old.note_id}
    text = (vault.home / old.path).read_text()
    assert "valid_to: 2026-01-02" in text
    assert f"superseded_by: {new.note_id}" in text
    assert old.path not in index_text(vault)
    assert new.path in index_text(vault)


def test_a_fact_may_change_back(vault: TestVault) -> None:
    told = [say(vault, f"Releases happen on {day}.") for day in ("Friday", "Monday", "Friday")]

    assert vault.found("when do releases happen?") == [told[-1].note_id]
    assert len(vault.ingress.catalog.every()) == 3


def test_one_subject_has_one_live_note(vault: TestVault) -> None:
    say(vault, "We ship each Friday", about="release day")

    new = say(vault, "Shipping moved; ask Olga", about="release day")

    assert new.landing is Landing.SUPERSEDED
    assert [row.id for row in vault.ingress.catalog.telling_of("release day") if row.live] == [new.note_id]


def test_what_cannot_be_decided_is_asked_and_the_answer_holds(vault: TestVault) -> None:
    first = say(vault, "The kettle is red.")

    with pytest.raises(ToolError, match=first.note_id) as caught:
        say(vault, "The kettle is dented.")
    assert caught.value.kind == "conflict"
    assert len(vault.ingress.catalog.every()) == 1
    assert say(vault, "The kettle is dented.", beside=True).landing is Landing.WRITTEN
    assert say(vault, "The kettle is black.", replaces=first.note_id).landing is Landing.SUPERSEDED
    with pytest.raises(ToolError, match="no live note"):
        say(vault, "The kettle is gone.", replaces=first.note_id)


def test_what_the_operator_wrote_is_replaced_only_once_the_operator_accepts(vault: TestVault) -> None:
    vault.put("memory/mine.md", note("Releases happen on Friday.", id="m-mine"))

    told = say(vault, "Releases happen on Monday.")

    assert told.landing is Landing.REVIEW
    assert vault.found("releases") == ["m-mine"]
    row = vault.ingress.catalog.get(told.note_id)
    assert row is not None
    writer_of(vault).accept(row, OPERATOR)
    assert vault.found("releases") == [told.note_id]
    accepted = vault.ingress.catalog.get(told.note_id)
    assert accepted is not None
    with pytest.raises(ToolError, match="does not wait"):
        writer_of(vault).accept(accepted, OPERATOR)


def test_policy_ask_and_off_hold_for_agents_only(vault: TestVault) -> None:
    asking, off = writer_of(vault, "ask"), writer_of(vault, "off")
    draft = NoteDraft(text="The kettle is red.")

    assert asking.remember(draft, AGENT, SCOPE).landing is Landing.REVIEW
    assert vault.found("kettle") == []
    with pytest.raises(ToolError, match="forbids"):
        off.remember(NoteDraft(text="A lamp"), AGENT, SCOPE)
    assert off.remember(NoteDraft(text="A lamp"), OPERATOR, SCOPE).landing is Landing.WRITTEN


@pytest.mark.parametrize("secret", ["ghp_" + "a1" * 12, "password: hunter2hunter2"])
def test_secrets_are_refused_and_leave_no_trace(vault: TestVault, secret: str) -> None:
    with pytest.raises(ToolError) as caught:
        say(vault, f"The key is {secret}")

    assert caught.value.kind == "secret"
    assert vault.outbox.pending() == []
    assert not any(secret.encode() in path.read_bytes() for path in vault.home.rglob("*") if path.is_file())


@pytest.mark.parametrize("text", ["", "  \n", "x" * 8_001])
def test_nothing_and_too_much_are_refused(vault: TestVault, text: str) -> None:
    with pytest.raises(ToolError):
        say(vault, text)


def test_dates_are_absolute_in_the_file(vault: TestVault) -> None:
    told = say(vault, "The kettle broke yesterday.")

    assert "yesterday (2025-12-31)" in (vault.home / told.path).read_text()


def test_a_full_index_is_told_and_the_note_is_found_all_the_same(vault: TestVault) -> None:
    writer = writer_of(vault, index_bytes=100)
    words = ["kettle", "lantern", "harbour", "violin"]
    told = [writer.remember(NoteDraft(text=f"A {word} arrived here"), AGENT, SCOPE) for word in words]

    assert "no room" in told[-1].message
    assert len(index_text(vault).encode()) <= 100
    assert vault.found("violin") == [told[-1].note_id]
    row = vault.ingress.catalog.get(told[-1].note_id)
    assert row is not None
    writer.pin(row, OPERATOR, on=True)
    assert writer.room().left < 0
    assert "MEMORY.md is full" in writer.room().told()


def test_a_workspace_note_stays_in_its_workspace(vault: TestVault) -> None:
    told = say(vault, "Tests here need the fake clock", workspace=True)

    assert told.path.startswith(f"memory/workspaces/{SCOPE}/")
    row = vault.ingress.catalog.get(told.note_id)
    assert row is not None
    assert row.scope == SCOPE
    index = (vault.home / "memory" / "workspaces" / SCOPE / "MEMORY.md").read_text()
    assert index == f"- [Tests here need the fake clock]({told.path.removeprefix(f'memory/workspaces/{SCOPE}/')})\n"
    assert index_text(vault) == ""


def test_a_note_is_forgotten_with_its_line(vault: TestVault) -> None:
    told = say(vault, "The kettle is red.")
    row = vault.ingress.catalog.get(told.note_id)
    assert row is not None

    writer_of(vault).forget(row, OPERATOR)

    assert vault.found("kettle", past=True) == []
    assert index_text(vault) == ""
    assert not (vault.home / told.path).exists()


def test_a_note_whose_place_is_taken_gets_another(vault: TestVault) -> None:
    text, origin = "The kettle stands in the pantry.", replace(AGENT, key="s1-call-7")
    taken, spare = paths_for(new_id(origin.key), text, NoteKind.FACT, "")
    (vault.home / taken).parent.mkdir(parents=True)
    (vault.home / taken).write_text("---\nid: m1\n---\nSomething else entirely.\n")

    told = say(vault, text, origin)

    assert (told.landing, told.path) == (Landing.WRITTEN, spare)
    assert "Something else" in (vault.home / taken).read_text()


@pytest.mark.parametrize("count", [150, pytest.param(1_000, marks=pytest.mark.long)])
def test_generated_notes_end_without_duplicates(vault: TestVault, count: int) -> None:
    chance = random.Random(3)
    things = ("kettle", "lamp", "violin", "ladder", "compass", "anchor", "lantern", "barrel", "shovel", "hammer")
    places = ("pantry", "attic", "harbour", "cellar", "library", "workshop", "garden", "kitchen", "stable", "tower")
    wordings = ("The {0} is kept in the {1}.", "the {0} is kept in the {1}", "The {0} stands in the {1} now!")
    truth: dict[str, str] = {}
    for _ in range(count):
        thing, place = chance.choice(things), chance.choice(places)
        say(vault, chance.choice(wordings).format(thing, place))
        truth[thing] = place

    live = [row.title.lower().rstrip(".!").split() for row in vault.ingress.catalog.every() if row.live]

    assert sorted((words[1], words[words.index("in") + 2]) for words in live) == sorted(truth.items())


def test_two_who_have_one_home_open_remember_in_turn_and_lose_nothing(vault: TestVault) -> None:
    other = open_vault(vault.home)
    for number in range(40):
        say(vault if number % 2 else other, f"Item number {number} weighs {number * 3 + 1} grams", beside=True)

    vault.ingress.sync()
    assert len(vault.ingress.catalog.every()) == 40
    assert len(index_text(vault).splitlines()) == 40
    other.close()
