"""The defaults of the config, which are made without being checked, would fit."""

from __future__ import annotations

import pytest
from msgspec.structs import fields

from hermes_tui.services import config
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.sections import Section, built, plain


def _needs_keys(section: type[Section]) -> bool:
    return any(field.required for field in fields(section))


SECTIONS = sorted(
    (
        value
        for value in vars(config).values()
        if isinstance(value, type) and issubclass(value, Section) and not _needs_keys(value)
    ),
    key=lambda section: section.__name__,
)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_without_keys_is_valid_and_equals_its_default(section: type[Section]) -> None:
    default = section()

    assert built(section, plain(default)) == default


def test_shipped_caps_are_what_the_docs_say() -> None:
    caps = HermesConfig().budgets

    assert (caps.call.usd, caps.run.usd, caps.run.tokens, caps.day.usd) == (1.0, 5.0, 2_000_000, 20.0)
