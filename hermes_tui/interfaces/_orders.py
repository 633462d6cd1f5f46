"""What an operator can type: one table of commands for every door, and what a line means."""

from __future__ import annotations

from typing import Final, Literal

from hermes_tui.domain.text import first_line
from hermes_tui.domain.values import frozen


@frozen(kw_only=False)
class Order:
    """One command. `argument` shows what may follow its name; `key` is the id of the binding that does the same."""

    name: str
    does: str
    argument: str = ""
    key: str = ""

    @property
    def usage(self) -> str:
        """The command as it is typed."""
        return f"/{self.name} {self.argument}".strip()


ORDERS: Final = (
    Order("help", "every key and command", key="app.help"),
    Order("commands", "find a command", key="app.palette"),
    Order("run", "run a goal file", "goal.md"),
    Order("resume", "take the unfinished run up again"),
    Order("queue", "send something when the run is done", "TEXT"),
    Order("interrupt", "stop what runs; finished work is kept", key="app.back"),
    Order("freeze", "dispatch nothing more, or go on", key="app.freeze"),
    Order("sessions", "open, rename, fork or look through a session", key="app.sessions"),
    Order("travel", "look through a session, record by record", "[SESSION@RECORD]"),
    Order("rewind", "back to before an earlier prompt", key="app.back"),
    Order("fork", "go on in a copy of this session"),
    Order("export", "write this session to one file that can be sent and replayed", "[FILE]"),
    Order("rename", "name this session", "[NAME]"),
    Order("new", "begin a new session"),
    Order("mode", "how much runs without a question", "[MODE]", "app.mode"),
    Order("brain", "who answers from the next step on", "[BRAIN]", "pane.brains"),
    Order("patchbay", "which model fills each role, under which clocks and cap", "[ROLE model|clocks|usd VALUE]"),
    Order("effort", "how much a role's model reasons", "[low|medium|high|auto] [ROLE]", "app.effort"),
    Order("cap", "what this run may spend in US dollars", "USD"),
    Order("graph", "the task graph", key="pane.graph"),
    Order("plan", "what each edit of the plan changed"),
    Order("edit", "what a task is to do instead", "TASK"),
    Order("steer", "tell a subagent something", "AGENT [TEXT]"),
    Order("transcript", "all that an agent heard, said and did", "AGENT"),
    Order("mind", "why things happened", key="pane.mind"),
    Order("context", "what is in the window and why", "[AGENT]"),
    Order("compact", "condense older messages before the next request, or take that back", "[undo] [AGENT]"),
    Order("memory", "the notes", key="pane.memory"),
    Order("budget", "what was spent", key="pane.budget"),
    Order("approvals", "what waits for you", key="pane.approvals"),
    Order("yes", "allow the oldest question, or answer it", "[once|run|always|WORDS]"),
    Order("deny", "deny the oldest question", "[REASON]"),
    Order("remember", "write a note", "TEXT"),
    Order("recall", "search the memory: what is found, with scores and reasons", "TEXT"),
    Order("review", "notes of agents that wait for you; accept or reject one", "[accept ID|reject ID]"),
    Order("open", "open a web page, or a file at its line", "LINK"),
    Order("image", "show the model a picture: a file, or the one on the clipboard", "[FILE]", "prompt.picture"),
    Order("shells", "commands beside the session: list, output of one, stop one", "[ID|stop ID]"),
    Order("diff", "every change of this session"),
    Order("output", "the newest tool call, whole", key="app.last_call"),
    Order("copy", "copy the last reply as Markdown"),
    Order("find", "search the transcript", "TEXT"),
    Order("tools", "every tool and whose it is"),
    Order("mcp", "tool servers, or the tools of one", "[NAME]"),
    Order("skills", "what agents know how to do"),
    Order("skill", "work by a skill", "NAME [TEXT]"),
    Order("theme", "other colours", "[NAME]", "app.theme"),
    Order("key", "use an API key until Hermes ends, or keep it", "PROVIDER [keep]"),
    Order("doctor", "look for brains again and say what is missing"),
    Order("demo", "watch a real goal with a scripted brain; nothing stays"),
    Order("map", "map this repository: tools only, no model"),
    Order("init", "let an agent write AGENTS.md, which tells agents about this project"),
    Order("commit", "let an agent commit what this session changed"),
    Order("approve", "carry out what was planned in mode plan", "[ask|auto-edit|auto]"),
    Order("quit", "leave; what runs can be resumed", key="app.leave"),
)
BY_NAME: Final = {order.name: order for order in ORDERS}
ALSO: Final = {
    "clear": "new",
    "model": "brain",
    "cost": "budget",
    "tasks": "graph",
    "agents": "graph",
    "undo": "rewind",
    "permissions": "approvals",
    "goal": "run",
    "status": "doctor",
    "config": "patchbay",
    "exit": "quit",
}
"""Names that fingers know from elsewhere, and the command that does the same here."""


_ASKS_ITSELF: Final = frozenset({"cap", "key", "remember", "skill"})
"""Commands that say by an example, or by a list to choose from, what they need."""


def parse(text: str) -> tuple[str, str] | None:
    """Return the name and the argument of a `/` line; None where the text is none."""
    if not text.startswith("/") or text.startswith("//") or "\n" in text:
        return None
    name, _, argument = text[1:].partition(" ")
    known = name == "" or name.replace("-", "").isalpha()
    return (ALSO.get(name, name), argument.strip()) if known else None


def closest(name: str) -> list[Order]:
    """Return the commands of which a name begins with `name`, else those that hold it."""
    also = {own for other, own in ALSO.items() if name and other.startswith(name)}
    starting = [order for order in ORDERS if order.name.startswith(name)]
    starting += [order for order in ORDERS if order.name in also and order not in starting]
    return starting or [order for order in ORDERS if name in order.name or name in order.does]


@frozen(kw_only=False)
class Heard:
    """What a typed line is: an order with its argument, a shell command, a note, or words for the model.

    Of a sign that stands alone it is what there is to say about it.
    """

    kind: Literal["order", "shell", "note", "words", "alone"]
    text: str
    name: str = ""


_ALONE: Final = {"!": "! COMMAND runs a command beside the session.", "#": "# TEXT writes a note."}


def heard(text: str) -> Heard:
    """Return what a typed line means; `//` at its start is a slash of the operator's own."""
    command = parse(text)
    if command is not None:
        return Heard("order", command[1], command[0])
    rest = text[1:].strip()
    if text.startswith("!") and rest:
        return Heard("shell", rest)
    if text.startswith("#") and rest:
        return Heard("note", rest)
    if text.strip() in _ALONE:
        return Heard("alone", _ALONE[text.strip()])
    return Heard("words", text.removeprefix("/") if text.startswith("//") else text)


def lacking(name: str, argument: str) -> str:
    """Say what a command needs that was typed without it; empty where nothing is missing or it asks for that itself."""
    order = BY_NAME.get(name)
    if order is None or argument or order.argument[:1] in ("", "[") or name in _ASKS_ITSELF:
        return ""
    return f"/{name} needs {order.argument}: {order.does}."


def no_such(name: str) -> str:
    """Say that there is no command of a name, and which one may be meant."""
    near = closest(name)
    hint = f" Did you mean {near[0].usage}?" if near else ""
    return f"There is no /{first_line(name, 40)}.{hint}"
