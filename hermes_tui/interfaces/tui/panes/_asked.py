"""Everything about a question to the operator, as lines; the command or change is never cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final, cast

from hermes_tui.domain.events import ApprovalAsked
from hermes_tui.domain.intents import covered_in, parsed
from hermes_tui.domain.tasks import Reach
from hermes_tui.domain.text import gist
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces._changes import Change, change_of, named_in, unsaid
from hermes_tui.interfaces._questions import REACHES, SIGN, UNSIGNED
from hermes_tui.interfaces.tui.changed_files import FILE_KEYS, ChangedFiles, Made, counted, file_by_file, made_by
from hermes_tui.interfaces.tui.chronicle import Asked
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, foreign, one_line, width_of, wrap
from hermes_tui.interfaces.tui.panes._pane import View
from hermes_tui.interfaces.tui.rows import Call
from hermes_tui.interfaces.tui.rules import rule_line

OF_FILES: Final = frozenset({"add", "commit", "push"})
"""The subcommands of git that are about what a session changed."""


@frozen
class Question:
    """A question as lines: the first `own` of them are what a yes is about, `files` the diffs among them."""

    lines: Sequence[Line]
    own: int
    files: ChangedFiles


def question_of(asked: Asked, view: View, width: int, calls: Iterable[Call] = ()) -> Question:
    """Return everything that is known about a question.

    What it would change itself belongs to it. Where git is asked for, what the `calls` of the session changed follows.
    """
    lines = [*_facts(asked, view, width), *_signed(asked.question, width), *whole_call(asked, view, width)]
    change = change_in(asked, view)
    own: Made = {change.path: [(asked.question.tool, change)]} if change is not None else {}
    files = _files_of(own, width, "diff") if own else files_beside(asked, view, width, calls)
    start = len(lines) + 1
    lines += [EMPTY, *files.lines] if files.lines else []
    placed = ChangedFiles(lines=files.lines, files=files.files, starts=[start + at for at in files.starts])
    return Question(lines=lines, own=len(lines) if own else start - 1, files=placed)


def files_beside(asked: Asked, view: View, width: int, calls: Iterable[Call]) -> ChangedFiles:
    """Return the diffs that a question to git is about: what the calls of the session changed."""
    return _files_of(_changed(asked, view, calls), width, "changes of this session")


def _files_of(made: Made, width: int, title: str) -> ChangedFiles:
    """Return diffs, each file below a rule that says which of how many it is."""
    return file_by_file(made, width, partial(_file_rule, title, len(made), width))


def _file_rule(title: str, count: int, width: int, number: int, change: Change) -> Line:
    place = f" {number + 1:,} of {wording.count(count, 'file')}" if count > 1 else ""
    named: tuple[Span, ...] = ((f"{title}{place}", "text bold"), (f" {one_line(change.path)} ", "text"))
    keys = f"{FILE_KEYS} · v whole" if count > 1 else "v whole"
    return rule_line((*named, *counted(change)), ((keys, "muted"),), width, focused=False)


def _changed(asked: Asked, view: View, calls: Iterable[Call]) -> Made:
    """Return what the session changed in the files that a question to git is about."""
    words = named_in(_arguments(asked, view)).get("args")
    named = [str(word) for word in cast("list[object]", words)] if isinstance(words, list) else []
    if asked.question.tool != "git" or not OF_FILES.intersection(named[:1]):
        return {}
    made = made_by(calls)
    some = {path: changes for path, changes in made.items() if path in named}
    return some if named[0] == "add" and some else made


def fits_title(wanted: str, width: int) -> bool:
    """Return whether a title of that width says all of what is wanted, as it stands."""
    return one_line(wanted) == wanted and width_of(((wanted, ""),)) + 4 <= width


def _facts(asked: Asked, view: View, width: int) -> list[Line]:
    question = asked.question
    run, cap = view.state.spend.run, view.state.run.limits.usd
    of = f" of {wording.money(cap)}" if cap else ""
    wanted = wording.wanted(question.tool, question.what)
    reach = f"{REACHES[question.reach]} · undo: {question.undo or 'none known'}"
    lines = fact("asks", wanted, width, "text bold") if not fits_title(wanted, width) else []
    lines += fact("why", gist(question.why), width)
    lines += fact("reach", reach, width, "warn" if question.reach >= Reach.NETWORK else "text")
    lines += fact("cost", f"no model call of its own; the run so far {wording.money(run.usd)}{of}", width)
    lines += fact("who", f"{'the kernel' if asked.agent == 'main' else asked.agent}, {wording.clock(asked.at)}", width)
    lines += fact("rule", question.rule and f"this run and always would allow {question.rule}", width)
    bound = f"the answer to exactly this call: {question.digest[:16]}" if question.intent is None else ""
    return lines + fact("binds", bound, width)


def change_in(asked: Asked, view: View) -> Change | None:
    """Return what a question would change in a file; None where it is about something else."""
    return change_of(asked.question.tool, _arguments(asked, view))


def _arguments(asked: Asked, view: View) -> str:
    call = view.state.calls.requested.get(asked.question.call_id)
    return call.arguments if call else view.chronicle.arguments.get(asked.question.call_id, "")


def editable(asked: Asked, view: View) -> str:
    """Return what of a call an operator would write anew, on one line: its command, else what it is about."""
    command = named_in(_arguments(asked, view)).get("command")
    return one_line(command if isinstance(command, str) else asked.question.what)


def whole_call(asked: Asked, view: View, width: int) -> list[Line]:
    """Return all that the call would be given and that its one line leaves out: a long command, code, a body."""
    lines: list[Line] = []
    for name, text in unsaid(asked.question.tool, _arguments(asked, view), asked.question.what).items():
        shown = one_line(name)
        if "\n" not in text and len(text) + len(shown) < width - 4:
            lines.append(Line(((f" {shown} ", "muted"), *foreign(text))))
            continue
        lines += [EMPTY, Line(((f" {shown}, all of it", "muted"),))]
        drawn = (spans for row in text.split("\n") for spans in wrap(foreign(row), max(width - 4, 12)) or [[]])
        lines += [Line((("   ", ""), *spans)) for spans in drawn]
    return lines


def _signed(question: ApprovalAsked, width: int) -> list[Line]:
    """Return what is to be signed, by whom, until when and how; nothing where a yes is enough."""
    if question.intent is None:
        return []
    said = parsed(question.intent.text)
    expires_at = said.get("expires_at")
    until = wording.clock(expires_at) if isinstance(expires_at, int) else "a time that cannot be read"
    parts = ["these very arguments", *_covered(covered_in(said))]
    digest = " ".join(question.digest[at : at + 4] for at in range(0, 16, 4))
    signer: tuple[Span, ...] = ((f"ed25519 · this session's key {question.intent.key[:12]}…", "muted"),)
    lines = fact("worst", str(said.get("worst_case", "")), width, "warn")
    lines += [EMPTY, rule_line((("signed intent", "text bold"),), signer, width, focused=False)]
    lines += fact("keys", UNSIGNED, width, "warn")
    lines += fact("binds", ", ".join(parts), width)
    lines += fact("digest", f"{digest}   expires {until}", width)
    lines += fact("then", "it is refused, and asked anew when it is wanted again", width)
    command = SIGN.format(question.approval_id)
    lines += fact("sign", f"in another shell: {command}", width, "text bold")
    lines += fact("", f"without ssh-agent: {command} --key FILE", width, "muted")
    return lines + fact("", f"all of it to read: hermes approvals intent {question.approval_id}", width, "muted")


def _covered(covers: Mapping[str, object]) -> list[str]:
    """Return what an intent covers besides its arguments, in words."""
    files, env = (cast("dict[str, str]", covers.get(name) or {}) for name in ("files", "env"))
    found = [f"the content of {', '.join(files)}"] if files else []
    found += ["everything in the workspace as it is now"] if covers.get("tree") else []
    return found + ([f"the values of {', '.join(env)}"] if env else [])


def fact(name: str, text: str, width: int, role: str = "text") -> list[Line]:
    """Return a named fact, wrapped; nothing where there is none."""
    if not text.strip():
        return []
    wrapped = wrap(foreign(text.strip(), role), max(width - 12, 12))
    return [Line(((f" {name if at == 0 else '':<9} ", "muted"), *spans)) for at, spans in enumerate(wrapped)]


def key_spans(key: str, means: str) -> list[Span]:
    """Return a key and what it does."""
    return [(key, "accent"), (f" {means}   ", "muted")]
