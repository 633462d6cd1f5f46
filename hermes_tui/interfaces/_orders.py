"""What can be ordered by name: one table for `/` commands, the palette and the help screen."""

from __future__ import annotations

from typing import Final

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
    Order("interrupt", "stop what runs; finished work is kept", key="app.back"),
    Order("freeze", "dispatch nothing more, or go on", key="app.freeze"),
    Order("sessions", "open, rename, fork or look through a session", key="app.sessions"),
    Order("travel", "look through a session, record by record", "[SESSION@RECORD]"),
    Order("rewind", "back to before an earlier prompt", key="app.back"),
    Order("fork", "go on in a copy of this session"),
    Order("rename", "name this session", "[NAME]"),
    Order("new", "begin a new session"),
    Order("mode", "how much runs without a question", "[MODE]", "app.mode"),
    Order("brain", "who answers from the next step on", "[BRAIN]", "pane.brains"),
    Order("effort", "how much a role's model reasons", "[low|medium|high|auto] [ROLE]", "app.effort"),
    Order("cap", "what this run may spend in US dollars", "USD"),
    Order("graph", "the task graph", key="pane.graph"),
    Order("plan", "what each edit of the plan changed"),
    Order("edit", "what a task is to do instead", "TASK"),
    Order("steer", "tell a subagent something", "AGENT [TEXT]"),
    Order("transcript", "all that an agent heard, said and did", "AGENT"),
    Order("mind", "why things happened", key="pane.mind"),
    Order("context", "what is in the window and why", "[AGENT]"),
    Order("memory", "the notes", key="pane.memory"),
    Order("budget", "what was spent", key="pane.budget"),
    Order("approvals", "what waits for you", key="pane.approvals"),
    Order("yes", "allow the oldest question once"),
    Order("deny", "deny the oldest question", "[REASON]"),
    Order("remember", "write a note", "TEXT"),
    Order("diff", "every change of this session"),
    Order("copy", "copy the last reply as Markdown"),
    Order("find", "search the transcript", "TEXT"),
    Order("theme", "other colours", "[NAME]", "app.theme"),
    Order("key", "use an API key until Hermes ends, or keep it", "PROVIDER [keep]"),
    Order("doctor", "look for brains again and say what is missing"),
    Order("quit", "leave; what runs can be resumed", key="app.leave"),
)
BY_NAME: Final = {order.name: order for order in ORDERS}


def parse(text: str) -> tuple[str, str] | None:
    """Return the name and the argument of a `/` line; None where the text is none."""
    if not text.startswith("/") or text.startswith("//") or "\n" in text:
        return None
    name, _, argument = text[1:].partition(" ")
    return (name, argument.strip()) if name == "" or name.replace("-", "").isalpha() else None


def closest(name: str) -> list[Order]:
    """Return the commands whose name begins with `name`, else those that hold it."""
    starting = [order for order in ORDERS if order.name.startswith(name)]
    return starting or [order for order in ORDERS if name in order.name or name in order.does]
