"""Links: found in plain text, shown as they are, opened by key or click."""

from __future__ import annotations

import pytest

from hermes_tui.interfaces.tui.drawing.cells import Line
from hermes_tui.interfaces.tui.drawing.markdown import inline
from hermes_tui.interfaces.tui.links import host_of, link_at, links_in, marked
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.processes import needs_sandbox
from tests.interfaces.tui.stand import Table, workstation


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://docs.pytest.org/en/stable.", ["https://docs.pytest.org/en/stable"]),
        ("(https://a.example/b?c=d&e=f)", ["https://a.example/b?c=d&e=f"]),
        ('<a href="https://a.example/">', ["https://a.example/"]),
        ("src/parser.py:12: error, src/parser.py:12 again", ["src/parser.py:12"]),
        ('  File "tests/test_a.py", line 7, in test', ["tests/test_a.py:7"]),
        ("at 12:30:45, version 1.2:3, host.example:8080", ["host.example:8080"]),
        ("https://a.example/x.py:3", ["https://a.example/x.py:3"]),
        ("javascript:alert(1) file:///etc/passwd ftp://x.example", []),
        ("http://x.example/\x1b]8;;http://evil.example\x07", ["http://x.example/", "http://evil.example"]),
        ("", []),
    ],
)
def test_links_are_found_where_text_names_them(text: str, expected: list[str]) -> None:
    assert links_in(text) == expected


def test_the_host_is_who_is_asked_whatever_stands_before_it() -> None:
    assert host_of("https://github.com@evil.example/login") == "evil.example"
    assert host_of("https://[bad") == ""


def test_output_links_are_the_terminals_to_open_and_shown_in_full() -> None:
    spans = list(marked("see https://a.example/b now\x1b[31m"))

    linked = [(text, role) for text, role in spans if "link=" in role]
    assert linked == [("https://a.example/b", "text underline link=https://a.example/b")]
    assert "".join(text for text, _ in spans) == "see https://a.example/b now\\x1b[31m"


def test_a_label_cannot_hide_where_it_leads() -> None:
    spans = inline("[https://bank.example](https://evil.example/x)")

    assert "".join(text for text, _ in spans) == "https://bank.example (https://evil.example/x)"


def test_a_click_takes_the_link_under_it() -> None:
    line = Line(
        (("  ", ""), ("see src/a.py:3 and ", "text"), ("here", "text underline link=https://a.example/"), (".", ""))
    )

    assert [link_at(line, x) for x in (3, 6, 13, 16, 22, 26)] == [
        "",
        "src/a.py:3",
        "src/a.py:3",
        "",
        "https://a.example/",
        "",
    ]


async def test_o_shows_the_file_at_its_line(table: Table) -> None:
    (table.workspace / "parser.py").write_text("\n".join(f"line {n}" for n in range(1, 200)), encoding="utf-8")
    async with workstation(table, Scenario(replies=[Reply("The fault is in parser.py:120, I think.")])) as app:
        await app.enter("where?")
        await app.until(lambda: "✓ done" in app.text)
        app.workspace.console_pane.view.focus()
        await app.pilot.press("up", "up", "o")
        await app.until(lambda: "═ parser.py:120 ═" in app.text)

        assert "   120 line 120" in app.text


async def test_o_lists_several_with_who_is_asked_and_without_a_browser_copies(table: Table) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        table.monkeypatch.delenv(name, raising=False)
    said = "Read https://docs.example/a and https://docs.example@evil.example/b first."
    async with workstation(table, Scenario(replies=[Reply(said)])) as app:
        await app.enter("where?")
        await app.until(lambda: "✓ done" in app.text)
        app.workspace.console_pane.view.focus()
        await app.pilot.press("up", "up", "o")
        await app.until(lambda: "═ links ═" in app.text)
        listed = app.text
        await app.pilot.press("down", "enter")
        await app.until(lambda: "copied" in app.said)

        assert "https://docs.example@evil.example/b  evil.example" in listed
        assert app.said == "No browser here: the address of a page of evil.example is copied."
        assert app.clipboard == "https://docs.example@evil.example/b"


@needs_sandbox
async def test_v_shows_every_line_of_a_long_output(table: Table) -> None:
    call = Call("shell", {"command": "seq 10000"})
    table.configure("policy: {mode: auto}\n")
    async with workstation(table, Scenario(replies=[Reply("", tool_calls=[call]), Reply("Done.")])) as app:
        await app.enter("count")
        await app.until(lambda: "✓ done" in app.text)
        await app.pilot.press("ctrl+o")
        app.workspace.console_pane.view.focus()
        await app.pilot.press("up", "up", "up")
        await app.until(lambda: "v all" in app.text)
        await app.pilot.press("v")
        await app.until(lambda: "shell-" in app.rows[0] or "outputs/" in app.rows[0])
        await app.pilot.press("end")
        await app.until(lambda: any(row.split()[1:] == ["10000"] for row in app.rows))

        assert "10001" in app.text
