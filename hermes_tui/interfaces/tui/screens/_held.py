"""A screen that is drawn at once or not at all: nothing of it is seen until it appears."""

from __future__ import annotations

from typing import cast

from textual import events
from textual.app import App
from textual.geometry import Size
from textual.screen import Screen


class HeldScreen(Screen[None]):
    """Held back until `appear`, however often it is styled and laid out before."""

    def __init__(self, *, name: str) -> None:
        super().__init__(id=name)
        self._held = True
        self._was_seen = False
        self._sized: Size | None = None

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Style nothing anew when first seen: every widget was styled as it was mounted."""
        event.refresh_styles, self._was_seen = self._was_seen, True

    def is_news(self, event: events.Resize) -> bool:
        """Whether a size is to be laid out: not one that is past, and before the screen appears each but once."""
        app = cast("App[object]", self.app)  # pyright: ignore[reportUnknownMemberType] - Textual leaves its result open
        if event.size != app.size or (self._held and event.size == self._sized):
            event.prevent_default()
            return False
        self._sized = event.size
        return True

    def appear(self) -> None:
        """Draw for the first time, without waiting for Textual's next tick."""
        self._repaint_required = True
        self._on_timer_update()
        self._held = False
        self._compositor_refresh()

    def _compositor_refresh(self) -> None:
        """Draw what changed, once the screen appears."""
        if not self._held:
            super()._compositor_refresh()
