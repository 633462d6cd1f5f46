"""A desk's drawer: what an operator left there, where the panes stood, what was typed and never sent."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from hermes_tui.domain.late import late
from hermes_tui.domain.values import mutable
from hermes_tui.services.premises import Premises

if TYPE_CHECKING:
    import hashlib
else:
    hashlib = late("hashlib")

MOST_REMEMBERED: Final = 1000


@mutable
class Draft:
    """What the operator had typed and queued."""

    text: str = ""
    queue: list[str] = field(default_factory=list[str])


class Drawer:
    """Files beside the session, in the home's state; all of it may block."""

    def __init__(self, premises: Premises) -> None:
        self.premises = premises

    # where the panes stand

    def _layout_path(self) -> Path:
        return self.premises.home.state / "layout.json"

    def layout(self) -> dict[str, object]:
        """Return the sizes of panes as they were kept; empty if none were, or they cannot be read."""
        try:
            kept: object = json.loads(self._layout_path().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return cast("dict[str, object]", kept) if isinstance(kept, dict) else {}

    def keep_layout(self, sizes: Mapping[str, int]) -> None:
        """Keep the sizes of panes for the next start."""
        self._layout_path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._layout_path().with_suffix(".new")
        write_private(new, json.dumps(dict(sizes)))
        new.replace(self._layout_path())

    def keep_copied(self, text: str) -> Path:
        """Keep what is too long for a clipboard, for this operator's eyes, and return where; the last copy only."""
        folder = self.folder()
        path = folder.with_name("copied.txt")
        write_private(path, text)
        return path

    # what was typed

    def folder(self) -> Path:
        """Return where texts of the prompt are kept."""
        folder = self.premises.home.state / "prompt"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _draft_path(self) -> Path:
        known = hashlib.sha256(str(self.premises.root).encode()).hexdigest()[:12]
        return self.folder() / f"draft-{known}.json"

    def draft(self) -> Draft:
        """Return what was typed in this workspace and never sent; empty if nothing was or it cannot be read."""
        try:
            kept: object = json.loads(self._draft_path().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Draft()
        if not isinstance(kept, dict):
            return Draft()
        named = cast("dict[str, object]", kept)
        queue = named.get("queue")
        texts = [one for one in cast("list[object]", queue) if isinstance(one, str)] if isinstance(queue, list) else []
        return Draft(str(named.get("text", "")), texts)

    def keep_draft(self, draft: Draft) -> None:
        """Keep what is typed, so that a crash does not take it; an empty draft leaves no file."""
        path = self._draft_path()
        if not draft.text and not draft.queue:
            path.unlink(missing_ok=True)
            return
        new = path.with_suffix(".new")
        write_private(new, json.dumps({"text": draft.text, "queue": draft.queue}, ensure_ascii=False))
        new.replace(path)

    def remembered(self) -> list[str]:
        """Return earlier prompts, the oldest first."""
        try:
            lines = (self.folder() / "history.jsonl").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        return [text for line in lines[-MOST_REMEMBERED:] if (text := _text_of(line))]


def _text_of(line: str) -> str:
    try:
        text: object = json.loads(line)
    except ValueError:
        return ""
    return text if isinstance(text, str) else ""


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CREAT, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
