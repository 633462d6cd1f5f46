"""What an operator does beside the session: own commands, files by name, keys, notes, drafts, other sessions."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import MutableMapping
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.tools._walk import walk
from hermes_tui.domain.errors import JournalError, UsageInvalid
from hermes_tui.domain.estimate import Rates
from hermes_tui.domain.ids import Seq, SessionId
from hermes_tui.domain.memory import NoteAuthor, NoteDraft, Origin, Recalled, Remembered
from hermes_tui.domain.processes import ProcessResult
from hermes_tui.domain.records import Record
from hermes_tui.services import exports, forks, history, rates, sessions, wiring
from hermes_tui.services.drawer import Drawer, write_private
from hermes_tui.services.keys import PASSPHRASE, SECRETS, variable_of
from hermes_tui.services.listed import Authored, Standing, Summary
from hermes_tui.services.memory.notebook import Notebook
from hermes_tui.services.past_notes import PastNotes
from hermes_tui.services.patchbay import Patchbay
from hermes_tui.services.pictures import Picture, Shelf, shelf_of
from hermes_tui.services.server_config import ServerRow
from hermes_tui.services.workstation import Workstation

MOST_FILES: Final = 20_000
MOST_RECALLED: Final = 12
DEPTH: Final = 12
COMMAND_S: Final = 120.0


class Errands(Drawer):
    """Everything here may block; an interface calls it from a thread, except where it is a coroutine."""

    def __init__(self, station: Workstation) -> None:
        super().__init__(station.premises)
        self.station = station
        self.notebook = Notebook(station.home.root, lambda: wiring.upkeep_of(station.memory))

    @property
    def shelf(self) -> Shelf:
        """Where pictures for the model are kept."""
        return shelf_of(self.station.home.state)

    def pictures_in(self, text: str) -> list[Picture]:
        """Return the pictures of the workspace that a text mentions; see `Shelf.mentioned`."""
        return self.shelf.mentioned(text, self.station.root)

    async def run(self, command: str) -> ProcessResult:
        """Run the operator's own shell command in the workspace, confined as a tool's.

        Raises:
            SandboxUnavailable: nothing here confines.
        """
        return await self.station.run_sandboxed(("/bin/sh", "-c", command), COMMAND_S)

    async def remember_note(self, text: str) -> Remembered:
        """Write a note of the operator's through the memory, which knows it if it is there already.

        Raises:
            HermesError: it cannot be written.
        """
        memory = self.station.memory
        landed = await memory.remember(NoteDraft(text=text), Origin(author=NoteAuthor.OPERATOR))
        await asyncio.to_thread(memory.store.flush)
        return landed

    async def recall(self, text: str) -> list[Recalled]:
        """Return what the memory finds about a text, the best first, with scores and reasons.

        Raises:
            HermesError: the memory cannot be read.
        """
        vector = await self.station.memory.vector_of(text)
        look = partial(self.station.memory.store.look, text, most=MOST_RECALLED, vector=vector)
        return await asyncio.to_thread(look)

    def standing(self) -> Standing:
        """Return which notes wait for the operator and which are pinned.

        Raises:
            HermesError: the memory cannot be read.
        """
        store = self.station.memory.store
        store.sync(sessions=False)
        rows = store.catalog.every()
        waiting = {row.path: row.id for row in rows if row.status == "review"}
        return Standing(waiting, frozenset(row.path for row in rows if row.pin))

    @property
    def past_notes(self) -> PastNotes:
        """The notes as they were; each call of it starts git."""
        return PastNotes(self.station.home.root)

    def blame(self, path: str) -> list[Authored]:
        """Return each line of a note with who wrote it, as of the last commit, which is made now where one is due.

        Raises:
            HermesError: the memory or its history cannot be read.
        """
        store = self.station.memory.store
        store.ingress.sync()
        store.history.flush()
        return [Authored(line.commit, line.author, line.at, line.text) for line in store.past.blame(path)]

    def pin(self, path: str) -> str:
        """Pin a note, so that it keeps its line in MEMORY.md, or unpin it; return what was done.

        Raises:
            HermesError: there is no such note, or it cannot be written.
        """
        store = self.station.memory.store
        row = store.note(path)
        store.writer.pin(row, Origin(author=NoteAuthor.OPERATOR), on=not row.pin)
        store.changed()
        store.flush()
        return f"{'Unpinned' if row.pin else 'Pinned'}: {row.title}. {store.room().told()}"

    def review(self, said: str) -> list[str]:
        """Accept or reject a waiting note, as in `accept ID`; without one, return a line for each that waits.

        Raises:
            HermesError: there is no such note, or it does not wait.
        """
        store, (verb, _, name) = self.station.memory.store, said.partition(" ")
        store.sync(sessions=False)
        if not said:
            waiting = [row for row in store.catalog.every() if row.status == "review"]
            return [f"{row.id}  {row.author}  {row.title}" for row in waiting] or ["Nothing waits for you."]
        if verb not in ("accept", "reject") or not name.strip():
            raise UsageInvalid(f"{said!r} is no answer.", hint="/review accept ID, or /review reject ID.")
        row = store.note(name.strip())
        if verb == "accept":
            return [store.writer.accept(row, Origin(author=NoteAuthor.OPERATOR))]
        store.writer.reject(row, Origin(author=NoteAuthor.OPERATOR))
        store.changed()
        return [f"Removed {row.id}: {row.title}"]

    @property
    def patchbay(self) -> Patchbay:
        """Which model fills each role, in the home's config."""
        return Patchbay(self.station.home, self.station.options)

    def files(self) -> list[str]:
        """Return the workspace's files by relative path, ignored ones left out."""
        found = (one.name for one in walk(self.station.root, DEPTH) if not one.is_folder)
        return list(islice(found, MOST_FILES))

    def servers(self) -> list[ServerRow]:
        """Return how each tool server stands."""
        return self.station.servers.rows() if self.station.servers is not None else []

    def give_key(self, provider: str, key: str, environ: MutableMapping[str, str] = os.environ) -> str:
        """Use a key until Hermes ends; it is written nowhere. Return the variable it stands for.

        Raises:
            UsageInvalid: the provider takes no key, or this is none.
        """
        variable, given = self.variable_of_key(provider), key.strip()
        if not given or any(not 32 < ord(letter) < 127 for letter in given):
            raise UsageInvalid("That is no key: it is empty, or has signs that no key has.")
        SECRETS.learn(given)
        environ[variable] = given
        return variable

    def variable_of_key(self, provider: str) -> str:
        """Return the variable that the key of a provider stands in.

        Raises:
            UsageInvalid: there is no such provider, or it takes no key.
        """
        variable = variable_of(self.station.config, provider)
        if variable is None:
            raise UsageInvalid(f"{provider[:40]} takes no key.", hint="F3 lists the providers and what each needs.")
        return variable

    def keep_key(self, provider: str, key: str) -> str:
        """Store a key for good, in the vault where its passphrase is set, else in the keyring; return its only host.

        Raises:
            UsageInvalid: there is no such provider or store here, or its host would get the key unencrypted.
        """
        passphrase = os.environ.get(PASSPHRASE, "")
        return self.station.keys().put(provider, key.strip(), "file" if passphrase else "keyring", passphrase)

    def summaries(self) -> list[Summary]:
        """Return every session, the newest first; one that cannot be read is left out."""
        paths = sorted(self.station.sessions().glob("*.db"), key=lambda path: path.stat().st_mtime, reverse=True)
        return [summary for path in paths if (summary := self._summary(path)) is not None]

    @staticmethod
    def _summary(path: Path) -> Summary | None:
        try:
            state = sessions.peek(path)
        except JournalError:
            return None
        goal, ended = state.run.goal, state.run.ended
        if goal is None:
            return None
        return Summary(
            session=path.stem,
            goal=goal.text.strip(),
            name=state.run.name,
            status=ended.status if ended else "unfinished",
            usd=state.spend.total.usd,
            workspace=state.run.workspace,
            written_at=path.stat().st_mtime,
            records=state.seq,
        )

    def records(self, session: str) -> list[Record]:
        """Return every record of a session that is on disk; empty where it has no file yet.

        Raises:
            JournalUnreadable: its file is damaged.
        """
        folder = self.station.sessions()
        try:
            return history.records(folder, session)
        except UsageInvalid:
            return []

    def fork(self, session: str, at: Seq | None) -> SessionId:
        """Return a new session that begins where another stood; see `forks.fork`."""
        return forks.fork(self.station, session, at)

    def rename(self, session: str, name: str) -> str:
        """Name a session that is not open here; see `forks.rename`."""
        return forks.rename(self.station, session, name)

    def export(self, session: str, name: str) -> Path:
        """Write a session to one file, in the workspace where no other folder is named; return the file.

        Raises:
            UsageInvalid: something stands there already, or it cannot be written.
            JournalUnreadable: the session is damaged.
        """
        folder = self.station.root
        file, _ = exports.export(self.station.sessions(), session, folder / Path(name).expanduser() if name else folder)
        return file

    def day_spent(self, session: SessionId) -> tuple[float, float]:
        """Return what every session of this home booked today, and what one of them did on any day, in US dollars."""
        today = datetime.fromtimestamp(self.station.clock.now(), UTC).astimezone().date().isoformat()
        return self.station.ledger.day_spent(today), self.station.ledger.booked_by(session)

    def pace(self, session: SessionId) -> Rates:
        """Return what steps took in this home's runs, those of one session aside."""
        return rates.measured(self.station.sessions(), besides=session)

    def in_editor(self, text: str) -> str:
        """Return a text after the operator's `$VISUAL` or `$EDITOR` had it; blocks until that ends.

        Raises:
            UsageInvalid: no editor is set, or it failed.
        """
        named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not named:
            raise UsageInvalid("No editor is set.", hint="Set EDITOR, for example EDITOR=vim.")
        with tempfile.TemporaryDirectory(prefix="hermes-edit-") as folder:
            path = Path(folder) / "text.md"
            write_private(path, text)
            try:
                done = subprocess.run([*shlex.split(named), str(path)], check=False)  # noqa: S603 - the operator's own
            except (OSError, ValueError) as error:
                raise UsageInvalid(f"{named} cannot be started.", hint="Set EDITOR to one that can.") from error
            if done.returncode != 0:
                raise UsageInvalid(f"{named} ended with {done.returncode}.", hint="The text is as it was.")
            try:
                return path.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise UsageInvalid(f"{named} left no text behind.", hint="The text is as it was.") from error

    def remember(self, text: str) -> None:
        """Keep a prompt for later; secrets are masked."""
        masked = wiring.redactor_of(self.station.config, self.station.home.state).redact(text)
        path = self.folder() / "history.jsonl"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as stream:
            stream.write(json.dumps(masked, ensure_ascii=False) + "\n")
