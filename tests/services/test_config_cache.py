"""A config that did not change is read without a parser; whatever is wrong with what was kept, it is parsed again."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services import strict_yaml
from hermes_tui.services.config_cache import MOST_KEPT, ParsedFiles

TEXT = "a: {b: [1, 2.5, x], c.d: null}\n\ne:\n  'f': true\n"


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_what_is_kept_is_what_was_parsed_with_every_place(tmp_path: Path) -> None:
    parsed = ParsedFiles(tmp_path / "parsed")
    first = parsed.parse(TEXT, "one.yaml")

    again = parsed.parse(TEXT, "other.yaml")

    assert first == strict_yaml.parse(TEXT, "one.yaml")
    assert again == strict_yaml.parse(TEXT, "other.yaml")
    assert len(kept(tmp_path / "parsed")) == 1


def test_what_is_kept_is_used(tmp_path: Path) -> None:
    ParsedFiles(tmp_path).parse("a: 1", "f")
    (file,) = kept(tmp_path)
    file.write_text(file.read_text().replace('{"a": 1}', '{"a": 2}'))

    assert ParsedFiles(tmp_path).parse("a: 1", "f").value == {"a": 2}


@pytest.mark.parametrize("damage", ["", "{", "[]", "[[[], []]]", '[[[["a"]], []], 1]', "\0\0\0"])
def test_what_is_damaged_is_parsed_again(tmp_path: Path, damage: str) -> None:
    ParsedFiles(tmp_path).parse("a: 1", "f")
    (file,) = kept(tmp_path)
    whole = file.read_text()
    file.write_text(damage)

    assert ParsedFiles(tmp_path).parse("a: 1", "f").value == {"a": 1}
    assert file.read_text() == whole


def test_a_changed_text_is_parsed_anew_and_old_ones_are_forgotten(tmp_path: Path) -> None:
    for number in range(MOST_KEPT + 3):
        assert ParsedFiles(tmp_path).parse(f"a: {number}", "f").value == {"a": number}

    assert len(kept(tmp_path)) == MOST_KEPT


def test_a_text_that_is_wrong_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(UsageInvalid):
        ParsedFiles(tmp_path).parse("a: [", "f")

    assert kept(tmp_path) == []


def test_where_nothing_can_be_kept_it_is_parsed_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert ParsedFiles(tmp_path / "file").parse("a: 1", "f").value == {"a": 1}
