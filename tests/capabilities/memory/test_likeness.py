"""Notes that say the same, contradict, or merely sound alike; and dates that stay right."""

from __future__ import annotations

from datetime import date

import pytest

from hermes_tui.capabilities.memory.absolute import absolute_dates
from hermes_tui.capabilities.memory.likeness import Likeness, compare

TODAY = date(2026, 3, 18)


@pytest.mark.parametrize(
    ("new", "old", "likeness"),
    [
        ("The build runs on port 8080.", "the build runs on port 8080", Likeness.SAME),
        ("On port 8080 runs the build", "The build runs on port 8080", Likeness.SAME),
        ("Olga lives in Riga", "Olga lives in Riga with her two cats", Likeness.SAME),
        ("The red kettle stands in the pantry", "The kettle stands in the pantry", Likeness.MORE),
        ("The API listens on port 9090", "The API listens on port 8080", Likeness.CONTRADICTS),
        ("Releases happen on Monday", "Releases happen on Friday", Likeness.CONTRADICTS),
        ("Olga lives in Tartu", "Olga lives in Riga", Likeness.CONTRADICTS),
        ("Olga moved to Tartu", "Olga lives in Riga", Likeness.CONTRADICTS),
        ("The operator's favourite editor is emacs", "The operator's favourite editor is vim", Likeness.CONTRADICTS),
        ("The operator prefers tabs now", "The operator prefers four blanks", Likeness.CONTRADICTS),
        ("The operator does not like coffee", "The operator likes coffee", Likeness.CONTRADICTS),
        ("We no longer use Jenkins", "We use Jenkins", Likeness.CONTRADICTS),
        ("The staging server runs Postgres 15", "The production server runs Postgres 13", Likeness.OTHER),
        ("Anna reports to Boris", "Boris reports to Anna", Likeness.UNSURE),
        ("The kettle is dented", "The kettle is red", Likeness.UNSURE),
        ("The lamp needs a new wick", "Releases happen on Friday", Likeness.OTHER),
        ("Tests need the fake clock", "Tests run with four workers", Likeness.OTHER),
        ("The kettle stands in the pantry", "The kettle is kept in the pantry", Likeness.SAME),
        ("Olga lives in Riga", "Olga resides in Riga", Likeness.SAME),
        ("Remove the stale lock by hand", "Delete the stale lock by hand", Likeness.UNSURE),
        ("Olga wohnt in Tartu", "Olga wohnt in Riga", Likeness.CONTRADICTS),
        ("Der Dienst lauscht auf Port 9090", "Der Dienst läuft auf Port 8080", Likeness.CONTRADICTS),
        ("Der Kessel steht nicht im Keller", "Der Kessel steht im Keller", Likeness.CONTRADICTS),
        ("Der Kessel ist rot", "Der Kessel ist verbeult", Likeness.UNSURE),
        ("Le serveur de test est éteint le lundi", "Le serveur de test est éteint le mardi", Likeness.CONTRADICTS),
        ("Olga habite à Tartu", "Olga habite à Riga", Likeness.CONTRADICTS),
        ("El puerto del servidor es 9090", "El puerto del servidor es 8080", Likeness.CONTRADICTS),
        ("Olga trabaja en Tartu", "Olga trabaja en Riga", Likeness.CONTRADICTS),
        ("La porta del server è 9090", "La porta del server è 8080", Likeness.CONTRADICTS),
        ("O editor preferido da Olga é emacs", "O editor preferido da Olga é vim", Likeness.CONTRADICTS),
        ("Olga e Boris cantano", "Olga e Anna cantano", Likeness.UNSURE),
        ("Olga asuu Tartossa vuodesta", "Olga asuu Riiassa vuodesta", Likeness.UNSURE),
        ("Anna laskee Riiassa laatikot", "Olga laskee Riiassa laatikot", Likeness.OTHER),
        ("Der Kessel steht im Keller", "Die Lampe hängt im Flur", Likeness.OTHER),
        ("We switched from Jenkins", "We use Jenkins", Likeness.OTHER),
        ("My son lives in Tartu", "My son lives in Riga", Likeness.CONTRADICTS),
    ],
)
def test_two_notes_are_compared_by_what_they_say(new: str, old: str, likeness: Likeness) -> None:
    assert compare(new, old) is likeness


@pytest.mark.parametrize(
    ("text", "absolute"),
    [
        ("It broke yesterday.", "It broke yesterday (2026-03-17)."),
        ("Due next Friday", "Due next Friday (2026-03-20)"),
        ("since last Wednesday", "since last Wednesday (2026-03-11)"),
        ("three weeks ago we moved", "three weeks ago (week of 2026-02-23) we moved"),
        ("last month it was slow", "last month (2026-02) it was slow"),
        ("next year", "next year (2027)"),
        ("in 10 days", "in 10 days (2026-03-28)"),
        ("2 months ago", "2 months ago (2026-01)"),
        ("yesterday (2026-03-01)", "yesterday (2026-03-01)"),
        ("the last week of the term", "the last week of the term"),
        ("every day", "every day"),
    ],
)
def test_relative_dates_are_made_absolute_once(text: str, absolute: str) -> None:
    assert absolute_dates(text, TODAY) == absolute
    assert absolute_dates(absolute, TODAY) == absolute
