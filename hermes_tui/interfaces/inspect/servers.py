"""`mcp`, `tools` and `skills`: what agents may call and whose it is, trusting servers, and what is written down."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.interfaces._servers import served_lines, server_lines, skill_lines, tool_lines
from hermes_tui.interfaces.inspect._print import say, say_json
from hermes_tui.services.workstation import Workstation

if TYPE_CHECKING:
    from hermes_tui.capabilities.mcp.catalog import Catalog
    from hermes_tui.services.toolservers import ToolServers


async def mcp(station: Workstation, args: Namespace) -> int:
    """Carry out one verb of `mcp`; 1 where what it asks about is not well."""
    if args.verb == "list":
        rows = station.servers.rows() if station.servers is not None else []
        if args.json:
            say_json([asdict(row) for row in rows])
        else:
            _say_all([*server_lines(rows), *(station.servers.skipped if station.servers is not None else ())])
        return 1 if any(row.standing != "trusted" for row in rows) else 0
    servers = _servers(station)
    servers.server(args.name)
    if args.verb == "tools":
        _say_all(served_lines(args.name, station.tools))
        return 0
    if args.verb == "forget":
        known = servers.forget(args.name)
        say(f"{args.name} is not trusted{' any more' if known else ''}.")
        return 0
    try:
        return await (_trust if args.verb == "trust" else _test)(station, servers, args)
    finally:
        await servers.close()


async def tools(station: Workstation, args: Namespace) -> int:
    """Print every tool with its effect, reach and timeout, and who carries it out."""
    if args.json:
        say_json([_fields(station, name) for name in station.tools])
    else:
        _say_all(tool_lines(station.tools))
    return 0


async def skills(station: Workstation, args: Namespace) -> int:
    """List the skills, or print the steps of one."""
    if args.verb == "show":
        _say_all(station.skills.text(args.name).splitlines())
    elif args.json:
        say_json([asdict(one) for one in station.skills.listed.values()])
    else:
        _say_all([*skill_lines(station.skills.listed), *station.skills.troubles])
    return 0


def _fields(station: Workstation, name: str) -> dict[str, object]:
    spec = station.tools[name].spec
    return {
        "name": name,
        "description": spec.schema.description,
        "effect": spec.effect.name.lower(),
        "reach": spec.reach.name.lower(),
        "timeout_s": spec.timeout_s,
        "server": spec.server,
        "parameters": json.loads(spec.schema.parameters),
    }


async def _test(station: Workstation, servers: ToolServers, args: Namespace) -> int:
    """Start a server, and say what it lists and what of it is not as it was trusted; 1 if anything."""
    catalog = await _looked(station, servers, args.name)
    changes = servers.changes(args.name, catalog)
    _say_all(changes)
    standing = servers.standing(args.name)
    say(f"{args.name} is {'trusted as it is' if not changes else 'not trusted as it is now'} ({standing}).")
    return 1 if changes or standing != "trusted" else 0


async def _trust(station: Workstation, servers: ToolServers, args: Namespace) -> int:
    """Show a server's tools, whole, and trust them if the operator says so; 1 if not."""
    catalog = await _looked(station, servers, args.name)
    for listing in catalog.tools:
        _say_all(["", listing.called, *(listing.description or "(no description)").splitlines(), listing.schema])
    say()
    if servers.standing(args.name) != "new":
        _say_all(servers.changes(args.name, catalog))
    if not args.yes and not _agreed(f"Trust {args.name} with these {len(catalog.tools)} tools? [y/N] "):
        say(f"{args.name} was not trusted; --yes says so beforehand.")
        return 1
    servers.trust(args.name, catalog)
    say(f"{args.name} is trusted with {len(catalog.tools)} tools; any change of them asks again.")
    return 0


async def _looked(station: Workstation, servers: ToolServers, name: str) -> Catalog:
    """Return what a server lists now, after a line about the server and one for each tool that is left out."""
    catalog = await servers.look(name, await station.kits.sandbox(station.config))
    hello = servers.server(name).hello
    if hello is not None:
        say(f"{name}: {hello.name} {hello.version}, MCP {hello.protocol}, {len(catalog.tools)} tools")
    _say_all([f"left out {each}" for each in catalog.left_out])
    return catalog


def _servers(station: Workstation) -> ToolServers:
    if station.servers is None:
        raise UsageInvalid("No tool server is configured.", hint="`mcp:` in config.yaml names them: docs/mcp.md.")
    return station.servers


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    sys.stdout.write(question)
    sys.stdout.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _say_all(lines: list[str]) -> None:
    for line in lines:
        say(line)
