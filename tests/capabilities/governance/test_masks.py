"""Placeholders that are stable over restarts, and put back only where they stand for what they stood for."""

from __future__ import annotations

import json

from hermes_tui.capabilities.governance.redact import SecretRedactor

KEY = b"k" * 32
SECRET = "sk-ant-abcdefghijklmnop0123456789"
TEXT = "write to anna@example.org or call (212) 555-0142; card 4111 1111 1111 1111"


def test_the_same_value_has_the_same_placeholder_in_every_process_of_a_home() -> None:
    first, second = (SecretRedactor(key=KEY, personal=True) for _ in range(2))
    second.redact("other@example.org 93.184.215.14")

    masked = first.redact(f"{TEXT} {SECRET}")

    assert masked == second.redact(f"{TEXT} {SECRET}")
    assert "anna" not in masked
    assert SECRET not in masked
    assert masked.startswith("write to [EMAIL_")
    assert masked != SecretRedactor(key=b"x" * 32, personal=True).redact(f"{TEXT} {SECRET}")


def test_a_placeholder_is_put_back_whole_and_an_unknown_one_stays() -> None:
    redactor, stranger = SecretRedactor(key=KEY, personal=True), SecretRedactor(key=KEY, personal=True)
    masked = redactor.redact(TEXT)

    assert redactor.restore(masked) == TEXT
    assert stranger.restore(masked) == masked
    assert redactor.redact(masked) == masked


def test_json_stays_json_with_its_numbers() -> None:
    redactor = SecretRedactor(key=KEY, personal=True)
    deep = json.dumps({"to": "x\nb@example.org"})
    data = {"at": 4111111111111111, "text": f'"{TEXT}"\nc@example.org', "deep": [deep, f"said: {deep}"]}

    masked = redactor.redact(json.dumps(data))

    assert json.loads(masked)["at"] == data["at"]
    assert "example.org" not in masked
    assert json.loads(redactor.restore_json(masked)) == data


def test_what_is_put_back_into_json_is_escaped() -> None:
    redactor = SecretRedactor(['quote" and \\ and\nline'], key=KEY)
    masked = redactor.redact(json.dumps({"text": 'quote" and \\ and\nline'}))

    assert json.loads(redactor.restore_json(masked)) == {"text": 'quote" and \\ and\nline'}


def test_personal_data_is_kept_unless_it_is_to_be_masked() -> None:
    assert SecretRedactor(key=KEY).redact(TEXT) == TEXT
