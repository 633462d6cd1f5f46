"""Tool servers, tools and skills as lines of text, for every door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hermes_tui.domain.ports import Tool
from hermes_tui.domain.skills import Skill
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces._tables import table
from hermes_tui.services.errands import Errands
from hermes_tui.services.server_config import ServerRow

NO_SERVERS = "No tool server is configured; `mcp:` in config.yaml names them: docs/mcp.md."


def mcp_lines(errands: Errands, name: str) -> list[str]:
    """Return how each tool server stands, or the tools of the one that is named."""
    if name:
        return served_lines(name, errands.station.tools)
    servers = errands.station.servers
    return [*server_lines(errands.servers()), *(servers.skipped if servers is not None else ())]


def server_lines(rows: Sequence[ServerRow]) -> list[str]:
    """Return a table of the servers, and under it what went wrong with one last."""
    head = ("server", "trust", "state", "tools", "effect", "from", "where")
    cells = [
        (row.name, row.standing, row.state, str(row.tools), row.effect, row.origin, first_line(row.where, 50))
        for row in rows
    ]
    troubles = [f"{row.name}: {first_line(row.trouble, 300)}" for row in rows if row.trouble]
    return [*table([head, *cells]), *troubles] if cells else [NO_SERVERS]


def served_lines(name: str, tools: Mapping[str, Tool]) -> list[str]:
    """Return the tools of one server as they were trusted, with what each says of itself."""
    own = [tool for tool in tools.values() if tool.spec.server == name]
    if not own:
        return [f"No tool of {first_line(name, 40)} is offered: `hermes mcp list` says how it stands."]
    return table([(tool.spec.schema.name, first_line(tool.spec.schema.description, 200)) for tool in own])


def skill_lines(skills: Mapping[str, Skill]) -> list[str]:
    """Return a table of skills: what each is for, and whose it is."""
    rows = [(one.name, one.origin, first_line(one.description, 150)) for one in skills.values()]
    return table(rows) or ["There are no skills."]


def tool_lines(tools: Mapping[str, Tool]) -> list[str]:
    """Return a table of tools: what each does at least, how far it reaches, how long it may take, and whose it is."""
    return list(table([("tool", "effect", "reach", "timeout", "from"), *_cells(tools)]))


def _cells(tools: Mapping[str, Tool]) -> Iterator[tuple[str, ...]]:
    for name, tool in tools.items():
        spec = tool.spec
        origin = f"server {spec.server}" if spec.server else "built in"
        yield name, spec.effect.name.lower(), spec.reach.name.lower(), f"{spec.timeout_s:g} s", origin
