"""Who answers: choose a brain, switch by number, give a key, and edit which model fills each role."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hermes_tui.domain.commands import SwitchBrain
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.ports import Brain
from hermes_tui.interfaces import _patchbay as patchbay
from hermes_tui.interfaces.tui import choices
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.screens.line_entry import LineEntry
from hermes_tui.interfaces.tui.screens.patchbay import PatchbayScreen
from hermes_tui.interfaces.tui.screens.picker import BrainPicker
from hermes_tui.interfaces.tui.welcome import LOCAL, how_to_start
from hermes_tui.services.missing import Missing

if TYPE_CHECKING:
    from hermes_tui.interfaces.tui.host import Host


class Switchboard:
    """What the clerk leaves to one who knows the brains."""

    def __init__(self, app: Host) -> None:
        self.app = app

    def choose(self, name: str) -> None:
        """Let another brain answer; without a name, choose."""
        if name:
            self.app.order(SwitchBrain(model=name))
            return
        app = self.app
        chooser = BrainPicker(app.look, choices.of_brains(app.brains, app.brain_name), start=app.brain_name)

        def taken(chosen: str | None) -> None:
            if chosen is None:
                return
            if chosen == BrainPicker.PATCHBAY:
                self.patch("")
            elif chosen.startswith("?"):
                self._connect(chosen[1:])
            else:
                app.order(SwitchBrain(model=chosen))

        async def look() -> None:
            await app.look_for_brains()
            chooser.offer(choices.of_brains(app.brains, app.brain_name))

        app.push_screen(chooser, taken)
        self.app.start(look())

    def further(self, screen: object) -> None:
        """Go on from a screen about brains to the next: from the choice to the patchbay, from there back."""
        if isinstance(screen, BrainPicker):
            screen.further()
        elif isinstance(screen, PatchbayScreen):
            screen.action_leave()

    def _connect(self, provider: str) -> None:
        """Ask for a key, or say how a server on this machine is started."""
        missing = {one.provider: one for one in self.app.brains if isinstance(one, Missing)}
        if provider in LOCAL and provider in missing:
            self.app.push_screen(how_to_start(self.app.look, missing[provider]))
        else:
            self.ask_key(provider)

    def patch(self, wanted: str) -> None:
        """Edit which model fills each role, under which clocks and cap."""
        app, bay = self.app, self.app.seat.errands.patchbay

        def left(said: str | None) -> None:
            if said is not None:
                app.say(said)

        async def save() -> None:
            edit = patchbay.asked(wanted)
            await asyncio.to_thread(bay.save, [edit])
            app.say(f"Saved {edit.role} in {bay.path.name}; it holds within a second.")

        if wanted:
            self.app.start(save())
        else:
            app.push_screen(PatchbayScreen(app.look, bay), left)

    def switch(self, number: int) -> None:
        """Let the brain of a number on F3 answer from the next step on; asked again, the step under way goes to it."""
        app = self.app
        if number > len(app.brains):
            app.say(f"F3 lists {len(app.brains)} brains; there is no number {number}.", "fail")
            return
        one = app.brains[number - 1]
        if isinstance(one, Missing):
            app.say(f"{one.provider}: {one.found}. {one.remedy}", "fail")
            return
        chronicle = app.workspace.chronicle
        under_way = any(model != one.name for model, _ in chronicle.open_requests.values())
        again = under_way and chronicle.model == one.name
        app.order(SwitchBrain(model=one.name, now=again))
        later = f" Alt+{number} again asks the step under way anew." if under_way else ""
        app.say(
            f"{one.name} is asked now; what had arrived is kept, not used."
            if again
            else f"Next step: {one.name}.{later}"
        )

    def look_again(self) -> None:
        """Look again, then say who can answer."""

        async def look() -> None:
            await self.app.look_for_brains()
            found = [one.name for one in self.app.brains if isinstance(one, Brain)]
            said = (
                f"These can answer: {', '.join(found)}." if found else "No brain can answer. F3 says what is missing."
            )
            self.app.say(said)

        self.app.start(look())

    def ask_key(self, wanted: str) -> None:
        """Ask for a key without showing it."""
        provider, _, how = wanted.partition(" ")
        if not provider or how not in ("", "keep"):
            self.app.say("Name the provider: /key anthropic, or /key anthropic keep", "fail")
            return
        app = self.app
        try:
            app.seat.errands.variable_of_key(provider)
        except UsageInvalid as error:
            app.say(f"{one_line(error.message)} {error.hint}", "fail")
            return

        def given(key: str | None) -> None:
            if key:
                self.app.start(use(key))

        async def use(key: str) -> None:
            errands = app.seat.errands
            host = await asyncio.to_thread(errands.keep_key, provider, key) if how else ""
            variable = errands.give_key(provider, key)
            await app.look_for_brains()
            kept = f"The key of {provider} is kept and goes to {host} only."
            app.say(kept if host else f"{variable} is set until Hermes ends. /key {provider} keep keeps it for good.")

        hint = "used until Hermes ends, written nowhere"
        app.push_screen(LineEntry(app.look, f"key for {one_line(provider)}", hint=hint, masked=True), given)
