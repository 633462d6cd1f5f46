"""Opens what a row names: a web page in the operator's browser, a file at its line on a page."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.regular import read_real
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.interfaces.tui.drawing.cells import Line, foreign, one_line
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.links import host_of, links_in
from hermes_tui.interfaces.tui.screens.page import Page

FILE_LINES: Final = 20_000
FILE_BYTES: Final = 20_000_000
_GRAPHIC: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


class Opener:
    """Opens links: a web page in the operator's browser, a file at its line on a page."""

    def __init__(self, app: Host) -> None:
        self.app = app

    def open(self, target: str) -> None:
        """Open one link, or say why not."""
        if target.startswith(("http://", "https://")):
            self._browse(target)
        else:
            self.app.start(self._show(target))

    def _browse(self, target: str) -> None:
        app, host = self.app, host_of(target)
        if not host or links_in(target) != [target]:
            app.say(f"This is no address of a web page: {one_line(target)}", "fail")
        elif app.is_web or sys.platform == "darwin" or any(os.environ.get(name) for name in _GRAPHIC):
            app.open_url(target)
            app.say(f"Opening a page of {host}.")
        else:
            app.copy_to_clipboard(target)
            app.say(f"No browser here: the address of a page of {host} is copied.")

    async def _show(self, target: str) -> None:
        name, _, line = target.rpartition(":")
        path = self.app.workspace_file(name if line.isdigit() else target)
        texts = await asyncio.to_thread(_read, path)
        at = int(line) - 1 if line.isdigit() else 0

        def draw(_: int) -> list[Line]:
            return [_numbered(number, text, here=number == at) for number, text in enumerate(texts)]

        page = Page(self.app.look, one_line(target), draw)
        await self.app.push_screen(page)
        if at:
            page.call_after_refresh(page.sheet.show_row, min(at, len(texts) - 1))


def _numbered(number: int, text: str, *, here: bool) -> Line:
    return Line(((f"{number + 1:>6} ", "accent" if here else "muted"), *foreign(text)), "select" if here else "")


def _read(path: Path) -> list[str]:
    """Return the lines of a file.

    Raises:
        UsageInvalid: it cannot be read.
    """
    try:
        text = read_real(os.path.realpath(path), FILE_BYTES).decode(errors="replace")
        return text.replace("\r\n", "\n").removesuffix("\n").split("\n", FILE_LINES)[:FILE_LINES]
    except (OSError, ValueError) as error:
        raise UsageInvalid(
            f"{one_line(str(path))} cannot be read.", hint="It may be named from another folder."
        ) from error
