"""What stands for a module until it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hermes_tui.domain.late import late
from hermes_tui.kernel import compaction

PROGRAM = """
import sys
from hermes_tui.domain.late import late
module = late("hermes_tui.kernel.chance")
before = "hermes_tui.kernel.chance" in sys.modules
token = module.token
print(before, "hermes_tui.kernel.chance" in sys.modules, token is sys.modules["hermes_tui.kernel.chance"].token)
"""


def test_a_module_is_loaded_with_the_first_look_at_one_of_its_names() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == ["False", "True", "True"]


def test_what_is_found_is_the_modules_own() -> None:
    assert late("hermes_tui.kernel.compaction").compact is compaction.compact


def test_a_name_that_a_module_does_not_have_is_missed_as_in_the_module() -> None:
    with pytest.raises(AttributeError):
        _ = late("hermes_tui.kernel.compaction").nothing_of_this_name


def test_a_module_that_there_is_not_is_missed_when_it_is_used() -> None:
    absent = late("hermes_tui.kernel.nowhere")

    with pytest.raises(ModuleNotFoundError):
        _ = absent.anything
