"""`memory` and `ingest`: find, show, change and take back what Hermes remembers."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.memory import NoteAuthor, NoteDraft, NoteKind, Origin
from hermes_tui.interfaces._tables import recall_lines, table, when
from hermes_tui.interfaces.inspect._print import say, say_json, say_line, tell
from hermes_tui.services import wiring
from hermes_tui.services.memory.settings import Within
from hermes_tui.services.memory.store import OpenMemory
from hermes_tui.services.memory.upkeep import Upkeep
from hermes_tui.services.workstation import Workstation

DAY_S: Final = 86_400.0
SOON: Final = 500
"""More vectors than these take long enough to say so."""
OPERATOR: Final = Origin(author=NoteAuthor.OPERATOR, source="hermes memory")
_WRITING: Final = frozenset({"remember", "accept", "restore", "revert"})
"""After these verbs a few vectors are missing; they are made before the command ends, if there is an embedder."""
_MANY: Final = frozenset({"reindex", "import"})
"""After these it may be all of them."""
_EMBEDDING: Final = _MANY | {"stats"}
"""These tell of the embedder, or need it, before anything is asked of it."""
Verb = Callable[[OpenMemory, Namespace], int]


async def memory(station: Workstation, args: Namespace) -> int:
    """Carry out one verb of `hermes memory`."""
    if args.verb == "pipe":
        return _pipe()
    try:
        args.vector = await _vector(station, args)
        if args.verb in _EMBEDDING:
            await station.memory.find_embedder()
        code = await asyncio.to_thread(_VERBS[args.verb], station.memory.store, args)
        if args.verb in _WRITING:
            await station.memory.catch_up()
        if args.verb in _MANY:
            await _catch_up_all(station)
        return code
    finally:
        await asyncio.to_thread(station.memory.close)


async def ingest(station: Workstation, args: Namespace) -> int:
    """Make a folder's documents searchable, take them out again, or say what became of each file."""
    try:
        await station.memory.find_embedder()
        code = await asyncio.to_thread(_ingest, station.memory.store, args)
        await _catch_up_all(station)
        return code
    finally:
        await asyncio.to_thread(station.memory.close)


async def _catch_up_all(station: Workstation) -> None:
    """Make every missing vector; what was found by its words already can wait for the next run as well."""
    waiting = await asyncio.to_thread(station.memory.store.count_without_vector)
    if waiting > SOON:
        tell(f"making {waiting:,} vectors; Ctrl-C leaves the rest for later")
    await station.memory.catch_up(limit_s=None)


def _pipe() -> int:
    with wiring.memory_pipe() as pipe:
        for line in sys.stdin:
            if line.strip():
                say_line(pipe.answer(line))
    return 0


def _text(args: Namespace) -> str:
    words: Sequence[str] | str = args.note or ""
    return words if isinstance(words, str) else " ".join(words)


def _draft(args: Namespace) -> NoteDraft:
    return NoteDraft(
        text=_text(args),
        kind=NoteKind(args.kind),
        about=args.about,
        replaces=args.replaces,
        beside=args.beside,
        workspace=args.here,
    )


async def _vector(station: Workstation, args: Namespace) -> bytes:
    """Return the vector of what is looked for or to be remembered, empty where nothing is compared."""
    if args.verb == "search":
        return await station.memory.vector_of(_text(args))
    return await station.memory.vector_of_draft(_draft(args), OPERATOR) if args.verb == "remember" else b""


def _search(store: OpenMemory, args: Namespace) -> int:
    until = args.until + DAY_S if args.until is not None else None
    within = Within(by=args.by, tool=args.tool, since=args.since, until=until)
    hits = store.look(
        _text(args), most=args.k, layer=args.layer or "", past=args.past, vector=args.vector, within=within
    )
    if args.json:
        say_json([asdict(hit) for hit in hits], indent=2)
        return 0
    for hit in hits:
        for line in recall_lines(hit, why=args.why):
            say(line)
    if not hits:
        say("Nothing found.")
    return 0


def _show(store: OpenMemory, args: Namespace) -> int:
    if not args.note:
        data = store.files.read("MEMORY.md") or b""
        say_line(data.decode("utf-8", errors="replace").rstrip())
        tell(store.room().told())
        return 0
    row = store.note(_text(args))
    if args.json:
        say_json({**asdict(row), "text": store.writer.read(row).body}, indent=2)
        return 0
    say(row.path)
    say_line((store.files.read(row.path) or b"").decode("utf-8", errors="replace").rstrip())
    if row.problem:
        tell(f"! {row.problem}")
    return 0


def _list(store: OpenMemory, args: Namespace) -> int:
    store.sync(sessions=False)
    rows = [row for row in store.catalog.every() if args.verb != "review" or row.status == "review"]
    if args.json:
        say_json([asdict(row) for row in rows], indent=2)
        return 0
    cells = [(row.id, row.status, row.kind, row.author, row.updated[:10] or "-", row.title) for row in rows]
    for line in table(cells) or ["Nothing waits for you." if args.verb == "review" else "No notes yet."]:
        say(line)
    return 0


def _remember(store: OpenMemory, args: Namespace) -> int:
    kept = store.remember(_draft(args), OPERATOR, args.vector)
    if args.json:
        say_json(asdict(kept))
    else:
        say(kept.message)
    return 0


def _accept(store: OpenMemory, args: Namespace) -> int:
    say(store.writer.accept(store.note(_text(args)), OPERATOR))
    store.changed()
    return 0


def _reject(store: OpenMemory, args: Namespace) -> int:
    row = store.note(_text(args))
    store.writer.reject(row, OPERATOR)
    store.changed()
    say(f"Removed {row.id}: {row.title}")
    return 0


def _log(store: OpenMemory, args: Namespace) -> int:
    entries = Upkeep(store).log(_text(args), args.n)
    if args.json:
        say_json([asdict(entry) for entry in entries], indent=2)
        return 0
    for entry in entries:
        say(f"{entry.commit[:10]}  {when(entry.at)}  {entry.author:13}  {entry.subject}")
    if not entries:
        say("No history yet.")
    return 0


def _diff(store: OpenMemory, args: Namespace) -> int:
    for line in Upkeep(store).diff(_text(args)).splitlines():
        say(line)
    return 0


def _blame(store: OpenMemory, args: Namespace) -> int:
    lines = Upkeep(store).blame(_text(args))
    if args.json:
        say_json([asdict(line) for line in lines], indent=2)
        return 0
    for line in table([(each.commit[:10], when(each.at), each.author, each.text) for each in lines]):
        say(line)
    return 0


def _revert(store: OpenMemory, args: Namespace) -> int:
    only = store.note(args.only).path if args.only else ""
    for path in Upkeep(store).revert(_text(args), only):
        say(f"changed {path}")
    return 0


def _restore(store: OpenMemory, args: Namespace) -> int:
    say(f"restored {Upkeep(store).restore(_text(args), args.at)}")
    return 0


def _pin(store: OpenMemory, args: Namespace) -> int:
    row = store.note(_text(args))
    store.writer.pin(row, OPERATOR, on=not args.off)
    store.changed()
    say(f"{'Unpinned' if args.off else 'Pinned'} {row.id}: {row.title}. {store.room().told()}")
    return 0


def _forget(store: OpenMemory, args: Namespace) -> int:
    row = store.note(_text(args))
    if not args.erase:
        store.writer.forget(row, OPERATOR)
        store.changed()
        say(f"Forgotten: {row.title}. History keeps it: hermes memory restore {row.path}")
        return 0
    left = Upkeep(store).erase(row)
    say(f"Erased {row.id} from files, index and history.")
    for each in left:
        say(f"! out of reach: {each}")
    return 0


def _reindex(store: OpenMemory, args: Namespace) -> int:
    store.reindex()
    counts = store.index.counts()
    if args.json:
        say_json(counts)
    else:
        say(", ".join(f"{count:,} {layer}s" for layer, count in sorted(counts.items())) + " indexed anew.")
    return 0


def _import(store: OpenMemory, args: Namespace) -> int:
    taken = Upkeep(store).take_over(Path(_text(args)), write=args.apply)
    if args.json:
        say_json([asdict(each) for each in taken], indent=2)
        return 0
    for each in taken:
        say(f"{each.outcome:24}  {each.source}  {each.text.splitlines()[0][:80]}")
    if not args.apply:
        say(f"{len(taken)} notes found; nothing was written. Keep them with --apply.")
    return 0


def _stats(store: OpenMemory, args: Namespace) -> int:
    found = Upkeep(store).stats()
    if args.json:
        say_json(found, indent=2)
        return 0
    for name, value in found.items():
        say(f"{name.replace('_', ' '):20} {_shown(value)}")
    return 0


def _shown(value: object) -> str:
    """Return a figure, or what is in a list or table, in words."""
    match value:
        case dict() | list() if not value:  # pyright: ignore[reportUnknownVariableType] what stats tells
            return "none"
        case dict():
            named = cast("dict[str, object]", value)
            parted = "; " if any(isinstance(each, str) for each in named.values()) else ", "
            return parted.join(f"{name}: {_shown(each)}" for name, each in named.items())
        case list():
            return "; ".join(map(str, cast("list[object]", value)))
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def _ingest(store: OpenMemory, args: Namespace) -> int:
    folder = Path(args.folder) if args.folder else None
    if folder is not None and args.forget:
        say(f"{store.documents.forget(folder)} files taken out.")
        return 0
    if folder is None:
        if args.forget:
            raise UsageInvalid("Name the folder to forget.", hint="hermes ingest DIR --forget")
        files = store.documents.status()
        if args.json:
            say_json([asdict(each) for each in files], indent=2)
            return 0
        for line in table([(each.status, str(each.passages), each.path) for each in files]):
            say(line)
        return 0
    done = store.documents.ingest(folder)
    if args.json:
        say_json(asdict(done), indent=2)
        return 0
    say(f"{done.new} new or changed, {done.same} as before, {done.gone} gone.")
    for each in done.problems:
        say(f"! {each.status}: {each.path}")
    return 0


_VERBS: Final[dict[str, Verb]] = {
    "search": _search,
    "show": _show,
    "list": _list,
    "review": _list,
    "remember": _remember,
    "accept": _accept,
    "reject": _reject,
    "log": _log,
    "diff": _diff,
    "blame": _blame,
    "revert": _revert,
    "restore": _restore,
    "pin": _pin,
    "forget": _forget,
    "reindex": _reindex,
    "import": _import,
    "stats": _stats,
}
