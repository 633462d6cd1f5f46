"""Pictures for the model: dropped, pasted or mentioned; each is a mark in the prompt until the words are sent."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

from hermes_tui.domain.commands import Submit
from hermes_tui.domain.errors import HermesError, UsageInvalid
from hermes_tui.domain.patterns import later
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.services import attachments
from hermes_tui.services.pictures import Picture, on_clipboard

_MARK: Final = later(r"\[image \d+: [^\]\n]*\]")


class Album:
    """The pictures of this sitting by their marks."""

    def __init__(self, app: Host) -> None:
        self.app = app
        self._by_mark: dict[str, Picture] = {}

    def attach(self, path: str) -> None:
        """Put the picture of a file, or the one on the clipboard, into the prompt as a mark."""
        self.app.start(self._attach(path))

    async def _attach(self, path: str) -> None:
        shelf = self.app.seat.errands.shelf
        if path:
            picture = await asyncio.to_thread(shelf.keep_file, self.app.workspace_file(path))
        else:
            data = await asyncio.to_thread(on_clipboard)
            picture = await asyncio.to_thread(shelf.keep, data, "clipboard")
        name = re.sub(r"[\[\]]", "", one_line(Path(picture.name).name))[:40]
        mark = f"[image {len(self._by_mark) + 1}: {name} {picture.width}×{picture.height}]"
        self._by_mark[mark] = picture
        self.app.workspace.prompt.insert(f"{mark} ")
        self._warn()

    def _warn(self) -> None:
        """Say at once where the brain in use takes no pictures."""
        name = self.app.brain_name
        if name and not attachments.sees(name, self.app.seat.errands.station.config):
            self.app.say(f"{name} takes no pictures. F3 chooses a brain that does.", "warn")

    def submit(self, text: str) -> None:
        """Send words, with the pictures that they mark or mention."""
        if "@" in text or _MARK.search(text):
            self.app.start(self._submit(text))
        else:
            self.app.order(Submit(text=text))

    async def _submit(self, text: str) -> None:
        app = self.app
        try:
            pictures = [self._marked(mark) for mark in _MARK.findall(text)]
            pictures += await asyncio.to_thread(app.seat.errands.pictures_in, text)
            if pictures:
                await self._looked()
                attachments.require_sight(app.brain_name, app.seat.errands.station.config)
        except HermesError:
            if not app.workspace.prompt.text:
                app.workspace.prompt.fill(text)
            raise
        app.order(Submit(text=text, images=tuple(dict.fromkeys(picture.image for picture in pictures))))

    async def _looked(self) -> None:
        """Return when it is known who can answer."""
        if self.app.workspace.brains is None:
            await self.app.look_for_brains()

    def _marked(self, mark: str) -> Picture:
        """Return the picture that a mark stands for.

        Raises:
            UsageInvalid: it was marked before Hermes was started, so nobody knows any more what it was.
        """
        if mark not in self._by_mark:
            raise UsageInvalid(f"{one_line(mark)} is not here any more.", hint="Drop the picture again.")
        return self._by_mark[mark]
