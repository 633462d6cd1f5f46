"""What placeholders stand for outlives the process, and is nowhere to be read."""

from __future__ import annotations

import json
from pathlib import Path

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.services.masks import NAME, MaskVault

KEY = b"k" * 32
TEXT = "write to anna@example.org with sk-ant-0123456789abcdefghij"


def redactor(state: Path, key: bytes = KEY) -> SecretRedactor:
    """Return what a new process would redact with."""
    return SecretRedactor(("registered-value",), key=key, personal=True, vault=MaskVault(state, lambda: key))


def test_a_new_process_puts_back_what_an_earlier_one_masked(tmp_path: Path) -> None:
    masked = redactor(tmp_path).redact(TEXT)

    later = redactor(tmp_path)

    assert "anna" not in masked
    assert "sk-ant" not in masked
    assert later.restore(masked) == TEXT
    assert json.loads(later.restore_json(json.dumps({"to": masked})))["to"] == TEXT


def test_two_processes_at_once_see_what_the_other_kept(tmp_path: Path) -> None:
    first, second = redactor(tmp_path), redactor(tmp_path)
    second.redact("bob@example.org")

    masked = first.redact(TEXT)

    assert second.restore(masked) == TEXT
    assert len((tmp_path / NAME).read_text().splitlines()) == 3


def test_the_file_is_the_owners_alone_and_holds_no_value(tmp_path: Path) -> None:
    redactor(tmp_path).redact(TEXT)

    data = (tmp_path / NAME).read_bytes()

    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert b"anna" not in data
    assert b"0123456789abcdef" not in data


def test_another_key_or_an_exchanged_line_gives_nothing_back(tmp_path: Path) -> None:
    masked = redactor(tmp_path).redact(TEXT)
    path = tmp_path / NAME
    (name, sealed), (other, swapped) = (line.split() for line in path.read_text().splitlines())

    foreign = MaskVault(tmp_path, lambda: b"o" * 32).find(name)
    path.write_text(f"{name} {swapped}\n{other} {sealed}\nnot a line\n")

    assert foreign is None
    assert redactor(tmp_path).restore(masked) == masked


def test_a_registered_key_is_left_to_its_own_store(tmp_path: Path) -> None:
    masked = redactor(tmp_path).redact("it is registered-value")

    assert "registered-value" not in masked
    assert not (tmp_path / NAME).exists()


def test_a_state_that_cannot_be_written_keeps_nobody_from_working(tmp_path: Path) -> None:
    masked = redactor(tmp_path / "gone" / "away").redact(TEXT)

    assert "anna" not in masked
