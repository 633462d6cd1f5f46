"""The defaults of the config, which are constructed without being validated, would validate."""

from __future__ import annotations

import pytest

from hermes_tui.services import config
from hermes_tui.services.config import HermesConfig, Section


def _needs_keys(section: type[Section]) -> bool:
    return any(field.is_required() for field in section.model_fields.values())


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
    default = section.model_construct()

    assert section.model_validate_json(default.model_dump_json()) == default


def test_shipped_caps_are_what_the_docs_say() -> None:
    caps = HermesConfig().budgets

    assert (caps.call.usd, caps.run.usd, caps.run.tokens, caps.day.usd) == (1.0, 5.0, 2_000_000, 20.0)
