"""Modules come out of the bundle of an earlier start only if Python would find and compile the very same."""

from __future__ import annotations

import json
import os
import py_compile
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from hermes_tui import bundle

PROGRAM: Final = """
import inspect, json, sys
from hermes_tui.bundle import Bundle
kept = Bundle(sys.argv[1])
kept.open()
import plum, tree.leaf
served = sorted(kept.served & {"plum", "tree", "tree.leaf"})
exec(sys.argv[2])
kept.keep()
said = {
    "says": [plum.SAYS, tree.SAYS, tree.leaf.SAYS],
    "origin": [one.__spec__.origin for one in (plum, tree, tree.leaf)],
    "cached": [one.__cached__ for one in (plum, tree, tree.leaf)],
    "path": list(tree.__path__),
    "source": inspect.getsource(tree.leaf),
    "finders": sum(isinstance(one, Bundle) for one in sys.meta_path),
    "served": served,
}
print(json.dumps(said))
"""
ALL: Final = ["plum", "tree", "tree.leaf"]


class Place:
    """A folder of modules, one that comes before it, the current one, and a bundle."""

    def __init__(self, folder: Path) -> None:
        self.bundle = folder / "all.modules"
        self.modules, self.earlier = folder / "modules", folder / "earlier"
        self.here = folder / "here"
        self._written_at = 1_700_000_000
        self.earlier.mkdir()
        self.here.mkdir()
        (self.modules / "tree").mkdir(parents=True)
        for name in ("plum.py", "tree/__init__.py", "tree/leaf.py"):
            self.put(self.modules / name, "first")

    def put(self, path: Path, says: str) -> None:
        """Write a module as an installer does, compiled."""
        path.write_text(f"SAYS = {says!r}\n", encoding="utf-8")
        py_compile.compile(str(path), doraise=True)
        self._written_at += 1
        os.utime(path.parent, (self._written_at, self._written_at))

    def start(self, *flags: str, path: Sequence[Path] = (), meanwhile: str = "") -> dict[str, object]:
        """Load the modules in a process of its own, do something before they are kept; return what was found."""
        root = Path(__file__).resolve().parents[1]
        folders = [*(path or (self.earlier, self.modules)), root]
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, folders))}
        argv = [sys.executable, *flags, "-c", PROGRAM, str(self.bundle), meanwhile]
        done = subprocess.run(argv, env=env, cwd=self.here, capture_output=True, text=True, check=True, timeout=60)
        found: dict[str, object] = json.loads(done.stdout)
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_second_start_finds_the_same_modules_in_the_bundle_and_leaves_no_finder_behind(place: Place) -> None:
    first, second = place.start(), place.start()

    assert first["served"] == []
    assert second["served"] == ALL
    assert second["finders"] == 0
    assert {**second, "served": []} == first


def test_a_module_whose_source_changed_is_compiled_anew_and_kept(place: Place) -> None:
    place.start()
    (place.modules / "plum.py").write_text("SAYS = 'second thoughts'\n", encoding="utf-8")

    after, next_time = place.start(), place.start()

    assert after["says"] == ["second thoughts", "first", "first"]
    assert after["served"] == ["tree", "tree.leaf"]
    assert (next_time["says"], next_time["served"]) == (after["says"], ALL)


def test_a_module_of_that_name_in_an_earlier_folder_is_taken_first(place: Place) -> None:
    place.start()
    place.put(place.earlier / "plum.py", "earlier")

    assert place.start()["says"] == ["earlier", "first", "first"]


@pytest.mark.parametrize("where", ["earlier/plum.pyc", "modules/plum/__init__.pyc"])
def test_what_has_no_source_takes_its_place_for_good(place: Place, where: str) -> None:
    compiled = place.here.parent / where
    place.start()
    place.put(place.here / "other.py", "compiled")
    compiled.parent.mkdir(exist_ok=True)
    (place.here / "__pycache__").joinpath(f"other.{sys.implementation.cache_tag}.pyc").rename(compiled)

    assert [place.start()["says"] for _ in range(3)] == [["compiled", "first", "first"]] * 3


def test_a_module_of_that_name_in_the_current_folder_is_taken_where_that_is_searched_first(place: Place) -> None:
    place.start()
    place.put(place.here / "plum.py", "current")

    assert place.start()["says"] == ["current", "first", "first"]


def test_a_package_beside_a_module_of_that_name_is_taken_first(place: Place) -> None:
    place.start()
    (place.modules / "plum").mkdir()
    place.put(place.modules / "plum" / "__init__.py", "package")

    assert place.start()["says"] == ["package", "first", "first"]


def test_a_package_inside_a_package_is_found_beside_a_module_of_that_name(place: Place) -> None:
    place.start()
    (place.modules / "tree" / "leaf").mkdir()
    place.put(place.modules / "tree" / "leaf" / "__init__.py", "package")

    assert place.start()["says"] == ["first", "first", "package"]


def test_folders_in_another_order_are_searched_in_that_order(place: Place) -> None:
    place.put(place.earlier / "plum.py", "other")
    before = place.start(path=[place.modules, place.earlier])

    after = place.start(path=[place.earlier, place.modules])

    assert (before["says"], after["says"]) == (["first"] * 3, ["other", "first", "first"])


def test_a_folder_that_is_searched_by_one_of_two_starts_and_holds_none_of_it_changes_nothing(place: Place) -> None:
    place.start(path=[place.here, place.modules])

    assert place.start(path=[place.modules])["served"] == ALL
    assert place.start(path=[place.earlier, place.modules])["served"] == ALL


@pytest.mark.parametrize("left", [0, 10, 400, -1])
def test_a_file_that_is_cut_off_counts_as_none_and_is_written_anew(place: Place, left: int) -> None:
    place.start()
    whole = place.bundle.read_bytes()
    place.bundle.write_bytes(whole[:left])

    assert place.start()["served"] == []
    assert place.start()["served"] == ALL


def test_code_that_is_damaged_is_compiled_anew(place: Place) -> None:
    place.start()
    whole = place.bundle.read_bytes()
    place.bundle.write_bytes(bytes(len(whole) // 2) + whole[len(whole) // 2 :])

    found = place.start()

    assert found["says"] == ["first", "first", "first"]


def test_a_bundle_of_another_version_counts_as_none(place: Place) -> None:
    place.start()
    whole = place.bundle.read_bytes()
    place.bundle.write_bytes(whole.replace(sys.version.encode(), sys.version.encode()[::-1]))

    assert place.start()["served"] == []


def test_a_start_that_was_served_whole_writes_nothing(place: Place) -> None:
    place.start()
    before = place.bundle.stat()

    place.start()

    assert place.bundle.stat().st_ino == before.st_ino


def test_what_changed_while_it_was_loaded_is_not_kept(place: Place) -> None:
    place.start(meanwhile=f"open({str(place.modules / 'new')!r}, 'w').close()")

    assert place.start()["served"] == ["tree.leaf"]


def test_nothing_is_written_where_python_is_to_write_no_compiled_modules(place: Place) -> None:
    place.start("-B")

    assert not place.bundle.exists()


def test_a_folder_that_cannot_be_written_is_no_trouble(place: Place) -> None:
    place.bundle = place.bundle / "is" / "in" / "no" / "folder"

    assert place.start()["says"] == ["first", "first", "first"]


def test_a_module_below_a_path_that_was_extended_is_left_to_python(place: Place) -> None:
    more = place.earlier / "more"
    more.mkdir()
    (place.modules / "tree" / "__init__.py").write_text(
        f"SAYS = 'first'\n__path__.insert(0, {str(more)!r})\n", encoding="utf-8"
    )
    place.start()
    place.start()
    place.put(more / "leaf.py", "extended")

    assert place.start()["says"] == ["first", "first", "extended"]


def test_the_bundle_of_the_workstation_lies_beside_the_compiled_modules() -> None:
    kept = bundle.of_workstation()
    kept.close()

    assert Path(kept.path).parent == Path(bundle.__file__).parent / "__pycache__"
    assert kept not in sys.meta_path
