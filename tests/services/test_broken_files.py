"""Every broken file is refused with its line and a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services import goal_files, plans, strict_yaml
from hermes_tui.services.config import LayerName
from hermes_tui.services.explain import merge, parse_layer

TOOLS = frozenset({"read", "list", "search", "shell", "python", "git", "write"})
DEEP = "a: " + "[" * 5000
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


def task(name: str, more: str = "") -> str:
    return f"  - {{id: {name}, kind: tool, use: read, args: {{path: x}}{', ' if more else ''}{more}}}\n"


GOALS: list[tuple[str, bytes | str, int, str]] = [
    ("empty", "", 1, "plain words"),
    ("no text", "---\nmodel: auto\n---\n", 3, "plain words"),
    ("only a comment", "<!-- x -->\n", 1, "plain words"),
    ("open front matter", "---\nmodel: auto\nDo it.\n", 1, "`---`"),
    ("empty front matter", "---\n---\nDo it.\n", 1, "fill it in"),
    ("front matter of comments", "---\n# x\n---\nDo it.\n", 1, "fill it in"),
    ("duplicate key", "---\nmodel: auto\nmodel: auto\n---\nDo it.\n", 3, "line 2"),
    ("unknown key", "---\nmodel: auto\nbuget: {usd: 1}\n---\nDo it.\n", 3, "`budget`"),
    ("unknown inner key", "---\nbudget: {usd: 1,\n  token: 3}\n---\nDo it.\n", 3, "`tokens`"),
    ("null section", "---\nbudget:\n---\nDo it.\n", 2, "remove the line"),
    ("explicit null", "---\nmodel: auto\nbudget: null\n---\nDo it.\n", 3, "remove the line"),
    ("empty success", "---\nsuccess: []\n---\nDo it.\n", 2, "remove the line"),
    ("wrong money", "---\nbudget:\n  usd: five\n---\nDo it.\n", 3, "budget.usd"),
    ("wrong tokens", "---\nbudget: {tokens: 3 bags}\n---\nDo it.\n", 2, "200k"),
    ("wrong time", "---\nbudget: {time: soon}\n---\nDo it.\n", 2, "15m"),
    ("negative money", "---\nbudget: {usd: -1}\n---\nDo it.\n", 2, "budget.usd"),
    ("zero steps", "---\nbudget: {steps: 0}\n---\nDo it.\n", 2, "budget.steps"),
    ("wrong mode", "---\nmode: yolo\n---\nDo it.\n", 2, "auto-edit"),
    ("write is a text", "---\nwrite: tests/\n---\nDo it.\n", 2, "write"),
    ("write escapes", "---\nmodel: auto\nwrite: [../x]\n---\nDo it.\n", 3, "relative to the workspace"),
    ("write is absolute", "---\nwrite: [/etc]\n---\nDo it.\n", 2, "relative to the workspace"),
    ("write in home", "---\nwrite: [~/x]\n---\nDo it.\n", 2, "relative to the workspace"),
    ("write in git", "---\nwrite: [.git/hooks]\n---\nDo it.\n", 2, "git tool"),
    ("bad rule", "---\nallow: ['rm -rf /']\n---\nDo it.\n", 2, "tool(pattern)"),
    ("egress is a URL", "---\negress: ['https://x.y/z']\n---\nDo it.\n", 2, "api.github.com"),
    ("two criteria in one", "---\nsuccess:\n  - {run: a, file: b}\n---\nDo it.\n", 3, "exactly one"),
    ("criterion without file", "---\nsuccess:\n  - contains: {text: b}\n---\nDo it.\n", 3, "Add `file:`"),
    ("criterion escapes", "---\nsuccess:\n  - file: ../b\n---\nDo it.\n", 3, "relative to the workspace"),
    ("list as front matter", "---\n- a\n---\nDo it.\n", 2, "key: value"),
    ("tab", "---\nbudget:\n\tusd: 1\n---\nDo it.\n", 3, "Tabs"),
    ("CRLF", "---\r\nmodel: auto\r\nmodl: auto\r\n---\r\nDo it.\r\n", 3, "`model`"),
    ("BOM", b"\xef\xbb\xbf---\nmodl: auto\n---\nDo it.\n", 2, "`model`"),
    ("not UTF-8", b"Do\nit \xff.\n", 2, "Save the file as UTF-8"),
    ("UTF-16", "Do it.".encode("utf-16"), 1, "Save it as UTF-8"),
    ("binary", b"\x7fELF\n\0\0", 2, "text file"),
    ("control character", "Do\nit \x1b[31m", 2, "Remove it"),
    ("too large", b"x" * 1_000_001, 0, "Shorten"),
    ("alias bomb", f"---\n{BOMB}---\nDo it.\n", 2, "Write the value out"),
    ("deep", f"---\n{DEEP}\n---\nDo it.\n", 2, "Flatten"),
    ("tag", "---\nmodel: !!python/name:os.system x\n---\nDo it.\n", 2, "Remove it"),
    ("open quote", "---\nmodel: 'auto\n---\nDo it.\n", 2, "quotes"),
    ("colon in text", "---\nmodel: a: b\n---\nDo it.\n", 2, "quotes"),
    ("open plan", "Do it.\n```plan\ntasks: []\n", 2, "Close it"),
    ("empty plan", "Do it.\n\n```plan\n```\n", 4, "Fill it in"),
    ("two plans", f"x\n```plan\ntasks:\n{task('a')}```\n```plan\n```\n", 6, "join them"),
    ("plan in a goal", "Do it.\n```plan\ntasks:\n" + task("a") + task("a") + "```\n", 5, "rename"),
]

PLANS: list[tuple[str, str, int, str]] = [
    ("no tasks", "tasks: []\n", 1, "tasks"),
    ("missing tasks", "goal: x\n", 1, "Add `tasks:`"),
    ("wrong schema", "schema: hermes.plan/2\ntasks:\n" + task("a"), 1, "hermes.plan/1"),
    ("double id", "tasks:\n" + task("a") + task("a"), 3, "Line 2"),
    ("unknown tool", "tasks:\n  - id: a\n    kind: tool\n    use: serch\n", 4, "`search`"),
    ("no tool", "tasks:\n  - {id: a, kind: tool}\n", 2, "use:"),
    ("unknown need", "tasks:\n" + task("aa") + task("b", "needs: [aaa]"), 3, "`aa`"),
    ("timer of words", "tasks:\n  - {id: a, kind: timer, args: {at: tomorrow}}\n", 2, "Unix seconds"),
    ("timer without end", "tasks:\n  - {id: a, kind: timer, args: {seconds: .inf}}\n", 2, "a number"),
    ("timer of nothing", "tasks:\n  - {id: a, kind: timer, args: {secs: 5}}\n", 2, "`seconds:`"),
    ("no strategy", "tasks:\n  - {id: a, kind: llm, use: plan}\n", 2, "rewoo or hierarchical"),
    ("undoes itself", "tasks:\n" + task("a", "compensate: a"), 2, "another task"),
    ("waits for undoing", "tasks:\n" + task("a", "compensate: b") + task("b") + task("c", "needs: [b]"), 4, "given up"),
    ("unknown kind", "tasks:\n  - {id: a, kind: tools}\n", 2, "'tool'"),
    ("unknown key", "tasks:\n" + task("a", "need: []"), 2, "`needs`"),
    ("bad id", "tasks:\n" + task("1a"), 2, "id"),
    ("self", "tasks:\n" + task("a", "needs: [a]"), 2, "a -> a"),
    ("cycle", "tasks:\n" + task("a", "needs: [b]") + task("b", "needs: [a]"), 2, "-> "),
    ("reference", "tasks:\n  - id: a\n    kind: tool\n    use: shell\n    args: {command: 'echo ${HOME}'}\n", 5, "$${"),
    ("no reference", "tasks:\n  - {id: a, kind: tool, use: shell, args: {command: 'echo ${a b}'}}\n", 2, "$${"),
    ("escape", "tasks:\n" + task("a", "write: ['../..']"), 2, "relative to the workspace"),
    ("wrong type", "tasks:\n" + task("a", "retry: often"), 2, "retry"),
    ("truncated JSON", '{"tasks": [{"id": "a"', 1, "brackets"),
]

CONFIGS: list[tuple[str, str, int, str]] = [
    ("unknown section", "version: 1\npolcy: {mode: ask}\n", 2, "`policy`"),
    ("newer version", "version: 2\n", 1, "1"),
    ("null", "ui:\n", 1, "remove the line"),
    ("key in config", "providers:\n  openai: {api_key: sk-x}\n", 2, "key_env"),
    ("bad URL", "providers:\n  openai: {base_url: 'ftp://x'}\n", 2, "base_url"),
    ("URL with password", "providers:\n  openai: {base_url: 'http://a:b@x/'}\n", 2, "base_url"),
    ("circle of roles", "brains:\n  a: {model: b}\n  b: {model: a}\n", 3, "Remove one"),
    ("circle of tiers", "tiers:\n  a: [b]\n  b: [a]\n", 3, "Remove one"),
    ("circle through role and tier", "tiers:\n  a: [b]\nbrains:\n  b: {model: a}\n", 4, "Remove one"),
    ("tier within itself", "tiers:\n  a: ['openai:gpt-5', a]\n", 2, "Remove one"),
    ("duplicate section", "brains:\n  cortex: {model: auto}\nbrains:\n  cortex: {model: local}\n", 3, "line 1"),
    ("duplicate key", "brains:\n  cortex:\n    model: auto\n    model: local\n", 4, "line 3"),
    ("flat role", "brains:\ncortex: {model: auto}\n", 1, "remove the line"),
    ("unknown role", "brains:\n  cortex: {model: cortx}\n", 2, "`cortex`"),
    ("negative clock", "brains:\n  cortex: {clocks: {idle_s: -1}}\n", 2, "idle_s"),
    ("two documents", "version: 1\n---\nversion: 1\n", 2, "one document"),
]


def check(error: UsageInvalid, line: int, remedy: str) -> None:
    assert error.at is not None
    assert error.at.line == line, str(error)
    assert remedy in str(error)
    assert error.hint


@pytest.mark.parametrize(("data", "line", "remedy"), [case[1:] for case in GOALS], ids=[case[0] for case in GOALS])
def test_a_broken_goal_names_line_and_remedy(data: bytes | str, line: int, remedy: str) -> None:
    with pytest.raises(UsageInvalid) as caught:
        goal_files.parse_goal(data, "goal.md", tools=TOOLS)
    check(caught.value, line, remedy)


@pytest.mark.parametrize(("data", "line", "remedy"), [case[1:] for case in PLANS], ids=[case[0] for case in PLANS])
def test_a_broken_plan_names_line_and_remedy(data: str, line: int, remedy: str) -> None:
    with pytest.raises(UsageInvalid) as caught:
        plans.parse_plan(data, "plan.yaml", tools=TOOLS)
    check(caught.value, line, remedy)


@pytest.mark.parametrize(("data", "line", "remedy"), [case[1:] for case in CONFIGS], ids=[case[0] for case in CONFIGS])
def test_a_broken_config_names_line_and_remedy(data: str, line: int, remedy: str) -> None:
    with pytest.raises(UsageInvalid) as caught:
        merge([parse_layer(LayerName.HOME, data, "config.yaml")])
    check(caught.value, line, remedy)


def test_a_file_of_50_mb_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "goal.md"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    with pytest.raises(UsageInvalid, match="larger than 1 MB"):
        strict_yaml.read(path)


def test_a_link_out_of_the_workspace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "out").symlink_to(tmp_path)
    goal = tmp_path / "goal.md"
    goal.write_text("---\nwrite: [out/]\n---\nDo it.\n")
    with pytest.raises(UsageInvalid) as caught:
        goal_files.read_goal(goal, tmp_path / "work")
    check(caught.value, 2, "really lies inside")
