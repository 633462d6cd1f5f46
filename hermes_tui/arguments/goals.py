"""The options of a run, of its plan and of what is kept of it."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, _SubParsersAction

from hermes_tui.arguments.agents import looked_at
from hermes_tui.arguments.shape import NAMED, number, verbs
from hermes_tui.command_line import FORMATS, MODES, STRATEGIES
from hermes_tui.version import VERSION


def run(parser: ArgumentParser) -> None:
    """Add the options of a run, which is what is meant where no command is named."""
    parser.add_argument("goal", nargs="*", metavar="GOAL", help="what to do, in words; quotes are not needed")
    parser.add_argument(
        "-c", "--continue", dest="continue_", action="store_true", help="open this folder's last session"
    )
    parser.add_argument(
        "-r", "--resume", nargs="?", const="", metavar="SESSION", help="open a session by its id, or choose one"
    )
    parser.add_argument("--demo", action="store_true", help="watch a real goal with a scripted brain; nothing stays")
    parser.add_argument("--plain", action="store_true", help="line by line: for SSH, dumb terminals, screen readers")
    parser.add_argument("--served", action="store_true", help=SUPPRESS)
    parser.add_argument("-p", "--print", action="store_true", help="one run, answer on stdout")
    parser.add_argument("--batch", nargs="+", metavar="goal.md", help="run goal files headless, in order")
    parser.add_argument("-m", "--model", metavar="PROVIDER:MODEL", help="which brain answers")
    parser.add_argument("--mode", choices=MODES, help="how much runs without a question")
    parser.add_argument("--budget-usd", type=number(float, 0, 1e6), metavar="N", help="cap of the run in US dollars")
    parser.add_argument(
        "--max-steps", type=number(int, 1, 1_000_000), metavar="N", help="cap of the run in model steps"
    )
    parser.add_argument("--time-limit", metavar="15m", help="cap of the run in time")
    parser.add_argument("--strategy", choices=STRATEGIES, help="how it is planned; auto chooses by its words")
    parser.add_argument("--fresh", action="store_true", help="start over instead of resuming")
    parser.add_argument(
        "--output-format",
        choices=FORMATS,
        default="text",
        help="the answer, a result object, or every record and then the result",
    )
    parser.add_argument("--version", action="version", version=f"hermes {VERSION}")


def serve(parser: ArgumentParser) -> None:
    """Add the options of `serve`."""
    parser.add_argument("--port", type=number(int, 0, 65_535), default=0, metavar="N", help="default: any free one")
    parser.add_argument(
        "-c", "--continue", dest="continue_", action="store_true", help="open this folder's last session"
    )
    parser.add_argument("-m", "--model", metavar="PROVIDER:MODEL", help="which brain answers")
    parser.add_argument("--mode", choices=MODES, help="how much runs without a question")


def plan(parser: ArgumentParser) -> None:
    """Add the options of `plan`."""
    parser.add_argument("file", metavar="goal.md", help="a goal file, with or without a plan of its own")
    parser.add_argument("--json", action="store_true", help="as hermes.plan/1, with the estimate")
    parser.add_argument("--strategy", choices=STRATEGIES, default="auto", help="how it is planned")


def sessions(parser: ArgumentParser) -> None:
    """Add the verbs of `runs` and `sessions`."""
    sub = verbs(parser)
    sub.add_parser("list", help="every run, newest first").add_argument("--json", action="store_true", help="as JSON")
    show = sub.add_parser("show", help="one run: goal, tasks, spend, approvals, files")
    looked_at(show)
    show.add_argument("--json", action="store_true", help="as hermes.result/1")
    for verb, help_text in (
        ("pause", "start nothing new; what runs goes on"),
        ("resume", "go on after a pause"),
        ("stop", "stop at the next safe point, resumably"),
    ):
        steer = sub.add_parser(verb, help=help_text)
        which = steer.add_mutually_exclusive_group(required=True)
        which.add_argument("session", nargs="?", help=NAMED)
        which.add_argument("--all", action="store_true", help="every live run of this home")
    export = sub.add_parser("export", help="one file with everything, also of a live session")
    looked_at(export)
    export.add_argument("-o", "--out", metavar="FILE", help="where to (default: SESSION.hermes.db here)")
    again = sub.add_parser("replay", help="print its records again, in order")
    looked_at(again)
    again.add_argument("--json", action="store_true", help="the records themselves, also at a terminal")
    fork = sub.add_parser("fork", help="begin a session where this one stood; this one stays as it is")
    fork.add_argument("session", help=NAMED)
    fork.add_argument("--at", type=number(int, 1, 2**53), metavar="SEQ", help="at this record (default: the last)")
    rename = sub.add_parser("rename", help="give it a name; without one, take the name back")
    rename.add_argument("session", help=NAMED)
    rename.add_argument("name", nargs="*", metavar="NAME", help="in words; quotes are not needed")
    undo = sub.add_parser("undo", help="put files back as they were before its calls, also outside git")
    undo.add_argument("session", help=NAMED)
    which = undo.add_mutually_exclusive_group()
    which.add_argument("--last", type=number(int, 1, 1_000_000), metavar="N", help="only its last N calls")
    which.add_argument("--image", metavar="ID", help="exactly this image, such as the one an undo left")
    _graph(sub)
    resolve = sub.add_parser("resolve", help="say what became of a call in doubt")
    resolve.add_argument("session", help=NAMED)
    resolve.add_argument("task", metavar="TASK", help="the task whose call is in doubt, or the call's own id")
    said = resolve.add_mutually_exclusive_group(required=True)
    said.add_argument("--done", action="store_true", help="it happened")
    said.add_argument("--again", action="store_true", help="it did not; run it again")


def _graph(sub: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verbs about a run's plan."""
    plan = sub.add_parser("plan", help="the task graph as it is now")
    how = plan.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="as hermes.plan/1, with the state of each task")
    how.add_argument("--edits", action="store_true", help="every edit, as a diff")
    edit = sub.add_parser("edit", help="change the plan, also while it runs")
    for verb, help_text in (
        ("pause", "start it only once it is resumed"),
        ("resume", "let it start"),
        ("skip", "go on without it"),
        ("retry", "run it again"),
        ("cancel", "end it; what needs it is skipped"),
        ("remove", "take it out of the plan"),
    ):
        edit.add_argument(f"--{verb}", action="append", metavar="TASK", help=help_text)
    edit.add_argument("--priority", action="append", metavar="TASK=N", help="higher runs first")
    edit.add_argument("--file", metavar="FILE", help="an edit as hermes.edit/1, YAML or JSON")
    edit.add_argument("--undo", action="store_true", help="take the latest edit back")
    edit.add_argument("--rev", type=int, metavar="N", help="refuse the edit unless the plan is at this revision")
    edit.add_argument("--dry-run", action="store_true", help="only print the diff")
    abandon = sub.add_parser("abandon", help="give the run up; what it did is undone where its plan says how")
    for parser in (edit, abandon):
        parser.add_argument("--why", default="", help="the reason, for the journal")
        parser.add_argument("session", help=NAMED)
    looked_at(plan)
