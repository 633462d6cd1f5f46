"""What a query asks for is read from its words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hermes_tui.capabilities.memory.moments import Moment, moments_in, nearness
from hermes_tui.capabilities.memory.question import Want, read_question
from hermes_tui.capabilities.memory.words import terms_of

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)


def test_words_are_folded_split_and_stemmed_without_function_words() -> None:
    assert terms_of("The parsers were PARSING") == terms_of("parser parse")
    assert terms_of("getUserName") == terms_of("user name")
    assert terms_of("naïve") == terms_of("naive")
    assert terms_of("it is not the one of us") == terms_of("one")


def test_a_speakers_name_is_asked_for_and_is_no_search_term() -> None:
    question = read_question("What did Mar buy for the garden?", ["Marta", "operator"], NOW.timestamp())

    assert question.speakers == {"Marta"}
    assert "marta" not in question.terms
    assert set(terms_of("garden bought")) & set(question.terms) >= set(terms_of("garden"))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("When did the build break?", Want.TIME),
        ("How many files were lost?", Want.NUMBER),
        ("Which folder holds the keys?", Want.PLACE),
        ("Why was it reverted?", Want.REASON),
        ("Tell me about the parser", Want(0)),
    ],
)
def test_the_kind_of_answer_is_recognised(text: str, want: Want) -> None:
    assert read_question(text, (), NOW.timestamp()).wants == want


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("on 7 May 2023", Moment(2023, 5, 7)),
        ("in march", Moment(None, 3, None)),
        ("2024-02-29", Moment(2024, 2, 29)),
        ("yesterday", Moment(2026, 3, 17)),
        ("3 days ago", Moment(2026, 3, 15)),
        ("last month", Moment(2026, 2, None)),
        ("back in 2019", Moment(2019, None, None)),
    ],
)
def test_dates_are_read_in_whole_and_in_part(text: str, moment: Moment) -> None:
    assert moments_in(text, NOW) == (moment,)


def test_verbs_that_look_like_months_are_no_dates() -> None:
    assert moments_in("you may march on", NOW) == ()


def test_an_instant_is_near_the_date_it_lies_at() -> None:
    moments = (Moment(2026, 3, 10),)

    assert nearness(moments, datetime(2026, 3, 10, tzinfo=UTC).timestamp()) == 1.0
    assert nearness(moments, datetime(2026, 3, 15, tzinfo=UTC).timestamp()) == 0.8
    assert nearness(moments, datetime(2026, 9, 1, tzinfo=UTC).timestamp()) == 0.0
