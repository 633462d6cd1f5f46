"""Before-images where names are no text, files are very many, or something cannot be put back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_tui.capabilities.state import survey
from hermes_tui.capabilities.state.images import ImageStore, described
from hermes_tui.domain.errors import ToolError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "work"
    (root / "src").mkdir(parents=True)
    (root / "src" / "a.py").write_text("a = 1\n")
    (root / "src" / "b.py").write_text("b = 1\n")
    return root


@pytest.fixture
def store(tmp_path: Path, root: Path) -> ImageStore:
    return ImageStore(tmp_path / "state" / "images", root)


async def test_where_one_file_cannot_be_put_back_none_is_if_all_are_wanted(store: ImageStore, root: Path) -> None:
    big, small = root / "big.bin", root / "src" / "a.py"
    big.write_bytes(b"\0" * (survey.KEPT_BYTES + 1))
    image = await store.take([root])
    big.write_bytes(b"\1" * (survey.KEPT_BYTES + 1))
    small.write_text("a = 2\n")

    with pytest.raises(ToolError, match=r"big\.bin"):
        await store.restore(image, entirely=True)

    assert small.read_text() == "a = 2\n"


async def test_what_stands_in_the_way_of_one_file_keeps_no_other_from_coming_back(
    store: ImageStore, root: Path
) -> None:
    image = await store.take([root])
    (root / "src" / "a.py").unlink()
    (root / "src" / "a.py" / "node_modules").mkdir(parents=True)
    (root / "src" / "b.py").write_text("b = 2\n")

    with pytest.raises(ToolError, match=r"a\.py \(Directory not empty\)"):
        await store.restore(image)

    assert (root / "src" / "b.py").read_text() == "b = 1\n"


def test_an_image_of_very_many_files_has_one_name_whatever_stands_first() -> None:
    entry = survey.Entry(survey.Kind.FILE, 0o644, "0" * 64)
    names = sorted(f"/ws/d{number // 100}/{number}.txt" for number in range(100_000))
    last, rest = names[-1], names[:-1]
    root = (Path("/ws"),)

    name, manifest = described(root, survey.Survey(dict.fromkeys([last, *rest], entry), whole=True))

    assert name == described(root, survey.Survey(dict.fromkeys(names, entry), whole=True))[0]
    assert manifest.count(b'"sha256"') == 100_000


async def test_a_name_that_no_file_can_have_is_no_reason_to_fail(store: ImageStore, root: Path) -> None:
    image = await store.take([root / ("n" * 300)])

    assert await store.changes(image) == ()


async def test_files_whose_names_are_no_text_come_back(store: ImageStore, root: Path) -> None:
    odd, link = root / os.fsdecode(b"na\xefve.txt"), root / os.fsdecode(b"\xff-link")
    odd.write_text("old\n")
    link.symlink_to(odd.name)
    image = await store.take([root])
    odd.write_text("new\n")
    link.unlink()

    await store.restore(image)

    assert odd.read_text() == "old\n"
    assert link.readlink() == Path(odd.name)
    assert store.targets(await store.take([odd])) == (odd,)
