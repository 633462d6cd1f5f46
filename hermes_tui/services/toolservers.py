"""Tool servers of a session: which are configured, what of them the operator trusted, and their tools."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from hermes_tui.capabilities.mcp.catalog import Catalog, Listing, digests
from hermes_tui.capabilities.mcp.post import Answer, Enough
from hermes_tui.capabilities.mcp.server import ServerConfig, ToolServer
from hermes_tui.capabilities.mcp.tools import ServerTool
from hermes_tui.capabilities.tools._http import BODY_LIMIT_BYTES, exchange
from hermes_tui.capabilities.tools._url import Exchange, parse_url
from hermes_tui.domain.errors import ToolError, UsageInvalid
from hermes_tui.domain.hosts import covers
from hermes_tui.domain.ports import Clock, Sandbox, Tool
from hermes_tui.domain.tasks import Effect
from hermes_tui.domain.values import frozen
from hermes_tui.services import strict_yaml, trust
from hermes_tui.services.config import HermesConfig, checked_scope
from hermes_tui.services.pins import Pin, PinBook
from hermes_tui.services.sections import Bounds, Section, validate
from hermes_tui.services.server_config import VARIABLE, McpServer, Seconds, ServerName, ServerRow, Variable

_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_EFFECTS: Final = {"read": Effect.READ, "write": Effect.WRITE, "external": Effect.EXTERNAL}


class ProjectServer(Section):
    """A server of a project: what it may do to the world is not for the project to say."""

    type: Literal["stdio", "http", "streamable-http"] | None = None
    command: Annotated[str, Bounds(min_length=1, max_length=4096)] | None = None
    args: tuple[str, ...] = ()
    env: Mapping[Variable, str] = {}
    url: Annotated[str, Bounds(pattern=r"^https?://[^\s/@?#]+(/[^\s#]*)?$", max_length=4096)] | None = None
    tools: tuple[str, ...] = ()
    timeout_s: Seconds = 60.0


class ProjectServers(Section):
    """All of `.hermes/mcp.json`."""

    mcpServers: Mapping[ServerName, ProjectServer]  # noqa: N815 - the name that the file has everywhere


@frozen
class Configured:
    """The servers that may be started, and what the operator is told about others."""

    servers: tuple[ServerConfig, ...] = ()
    notices: tuple[str, ...] = ()


class ToolServers:
    """The servers of one session and their tools. None is started before one of its tools is called."""

    def __init__(
        self, configured: Configured, root: Path, state: Path, *, clock: Clock, redact: Callable[[str], str]
    ) -> None:
        self.skipped = configured.notices
        """Why a server that is written down is none of these, a line each."""
        self._book = PinBook(state)
        self._root = root
        self._redact = redact
        self.configs = {config.name: config for config in configured.servers}
        self._pins = {name: self._book.pin(self._key(name)) for name in self.configs}
        self.servers = {
            name: ToolServer(
                config,
                {listing.name: listing.digest for listing in self.offered(name)},
                root=root,
                send=sender_of(config),
                sleep=clock.sleep,
                report=self._report,
            )
            for name, config in self.configs.items()
        }
        made: list[Tool] = [
            ServerTool(self.servers[name], listing) for name in self.configs for listing in self.offered(name)
        ]
        self.tools = {tool.spec.schema.name: tool for tool in made}
        self.notices = (*self.skipped, *self._notices())

    def standing(self, name: str) -> str:
        """Return whether a server may be used: `trusted`, `new`, or `changed` in how it is started."""
        pin = self._pins[name]
        if pin is None:
            return "new"
        return "trusted" if pin.launch == launch_of(self.configs[name]) else "changed"

    def offered(self, name: str) -> tuple[Listing, ...]:
        """Return the tools of a server as they were trusted, of those that the config allows."""
        pin, wanted = self._pins[name], self.configs[name].tools
        if pin is None or self.standing(name) != "trusted":
            return ()
        return tuple(listing for listing in pin.tools if not wanted or listing.name in wanted)

    def rows(self) -> list[ServerRow]:
        """Return how each server stands."""
        return [self._row(name) for name in sorted(self.configs)]

    async def look(self, name: str, sandbox: Sandbox) -> Catalog:
        """Return what a server lists now.

        Raises:
            UsageInvalid: there is no such server.
            ToolError, SandboxUnavailable: it cannot be reached, or not confined.
        """
        return await self.server(name).look(sandbox)

    def server(self, name: str) -> ToolServer:
        """Return a server by name.

        Raises:
            UsageInvalid: there is none.
        """
        if name not in self.servers:
            known = ", ".join(sorted(self.servers)) or "none"
            raise UsageInvalid(f"There is no tool server {name[:40]!r}.", hint=f"Configured: {known}.")
        return self.servers[name]

    def changes(self, name: str, catalog: Catalog) -> list[str]:
        """Return what differs from what was trusted of a server, a line each; a changed tool with both of its texts."""
        pin = self._pins[name]
        before = {listing.name: listing for listing in pin.tools} if pin is not None else {}
        now = {listing.name: listing for listing in catalog.tools}
        lines = ["changed how it is started"] if pin is not None and self.standing(name) == "changed" else []
        for each in sorted({*before, *now}):
            lines += _difference(before.get(each), now.get(each))
        return lines

    def trust(self, name: str, catalog: Catalog) -> None:
        """Hold a server to be trusted with the tools that it listed; any change of them asks again."""
        pin = Pin(launch=launch_of(self.configs[name]), tools=catalog.tools)
        self._book.keep(self._key(name), pin)
        self._pins[name] = pin
        self.servers[name].hold_to(digests(catalog))

    def forget(self, name: str) -> bool:
        """Take trust back; return whether there was any."""
        self.server(name)
        known, self._pins[name] = self._pins[name] is not None, None
        self.servers[name].hold_to({})
        self._book.keep(self._key(name), None)
        return known

    async def close(self) -> None:
        """End every server, with all that it started."""
        await asyncio.gather(*(server.close() for server in self.servers.values()))

    def _row(self, name: str) -> ServerRow:
        config, server = self.configs[name], self.servers[name]
        pin = self._pins[name]
        return ServerRow(
            name=name,
            standing=self.standing(name),
            state=server.state,
            tools=len(pin.tools) if pin is not None else 0,
            where=config.url or " ".join(config.argv),
            origin=config.origin,
            effect=config.effect.name.lower(),
            trouble=server.trouble or self._book.trouble(self._key(name)),
        )

    def _notices(self) -> Iterator[str]:
        for name, config in self.configs.items():
            standing = self.standing(name)
            if standing != "trusted":
                why = (
                    "is not trusted yet" if standing == "new" else "is started in another way than it was trusted with"
                )
                yield f"The tool server {name} {why} and not used; `hermes mcp trust {name}` shows its tools."
            elif config.argv and "/" not in config.argv[0] and shutil.which(config.argv[0]) is None:
                yield f"The tool server {name} cannot start: {config.argv[0]} is not on PATH."

    def _key(self, name: str) -> str:
        """Return the name by which a server's pin is kept: a project's own is known by where it lies too."""
        return name if self.configs[name].origin == "home" else f"{self._root}:{name}"

    def _report(self, name: str, why: str) -> None:
        self._book.note(self._key(name), self._redact(why))


def configured(config: HermesConfig, project: trust.Project, environ: Mapping[str, str]) -> Configured:
    """Return the servers of the operator's config and of a trusted project.

    Raises:
        UsageInvalid: one of them is neither a command nor an address.
    """
    servers, notices = list[ServerConfig](), list[str]()
    for name, each in config.mcp.items():
        missing = [variable for variable in each.variables if variable not in environ]
        if each.enabled and missing:
            notices.append(f"The tool server {name} is not used: {', '.join(missing)} is not set.")
        elif each.enabled and _in_the_open(each):
            notices.append(f"The tool server {name} is not used: its key would go there unencrypted; write https.")
        elif each.enabled:
            servers.append(_own(name, each, project.root, environ))
    for name, brought in _brought(project).items():
        if name in config.mcp:
            notices.append(f"This project's tool server {name} is not used: your own config has one of that name.")
            continue
        made = _project_server(name, brought)
        host = urlsplit(made.url)
        if made.url and not covers(config.egress, host.hostname or "", host.port or 443):
            where = f"{host.hostname}, which `egress` does not hold"
            notices.append(f"This project's tool server {name} is not used: it is at {where}.")
            continue
        servers.append(made)
    return Configured(servers=tuple(servers), notices=tuple(notices))


def launch_of(config: ServerConfig) -> str:
    """Return the digest of how a server is started and what it is given; no value of an operator's key is in it."""
    env = dict(config.env) if config.origin != "home" else dict.fromkeys(config.env, "")
    parts = [config.argv, sorted(env.items()), config.url, sorted(config.headers), config.hosts]
    return hashlib.sha256(json.dumps([*parts, [str(path) for path in config.write]]).encode()).hexdigest()


def _own(name: str, each: McpServer, root: Path, environ: Mapping[str, str]) -> ServerConfig:
    _check_one(name, each.command, each.url)
    return ServerConfig(
        name=name,
        argv=(each.command, *each.args) if each.command else (),
        env={variable: environ[variable] for variable in each.env},
        url=each.url or "",
        headers={name: VARIABLE.sub(lambda found: environ[found[1]], text) for name, text in each.headers.items()},
        tools=each.tools,
        timeout_s=each.timeout_s,
        effect=_EFFECTS[each.effect],
        write=tuple((root / checked_scope(scope)).resolve() for scope in each.write),
        hosts=each.hosts,
    )


def _project_server(name: str, each: ProjectServer) -> ServerConfig:
    """Return a project's server: confined without network, nothing of the operator's environment, every call asks."""
    _check_one(name, each.command, each.url)
    return ServerConfig(
        name=name,
        argv=(each.command, *each.args) if each.command else (),
        env=each.env,
        url=each.url or "",
        tools=each.tools,
        timeout_s=each.timeout_s,
        origin="project",
    )


def _in_the_open(each: McpServer) -> bool:
    """Whether somebody on the way could read the key that a server is sent."""
    address = urlsplit(each.url or "")
    return address.scheme == "http" and bool(each.variables) and address.hostname not in _HERE


def _check_one(name: str, command: str | None, url: str | None) -> None:
    if (command is None) == (url is None):
        raise UsageInvalid(f"mcp.{name} needs either a `command` or a `url`.", hint="Write one of the two.")


def _brought(project: trust.Project) -> Mapping[str, ProjectServer]:
    if project.standing is not trust.Standing.TRUSTED or trust.SERVERS not in project.files:
        return {}
    path = project.root / trust.SERVERS
    return validate(strict_yaml.parse(strict_yaml.read(path), str(path)), ProjectServers).mcpServers


def sender_of(config: ServerConfig) -> Callable[[bytes, Mapping[str, str], float, Enough], Answer]:
    """Return what sends one message to a server on the web; its address is the operator's word, like a grant."""

    def send(body: bytes, headers: Mapping[str, str], timeout_s: float, enough: Enough) -> Answer:
        address = parse_url(config.url)
        request = Exchange(method="POST", address=address, body=body, headers=headers)
        until = time.monotonic() + timeout_s
        reply = exchange(request, (f"{address.host}:{address.port}",), until, enough)
        if reply.cut:
            raise ToolError(f"It sent more than {BODY_LIMIT_BYTES:,} bytes.", kind="too_much")
        return Answer(status=reply.status, content_type=reply.content_type, headers=reply.headers, body=reply.body)

    return send


def _difference(before: Listing | None, now: Listing | None) -> list[str]:
    if before is None or now is None:
        word, one = ("new", now) if before is None else ("gone", before)
        return [f"{word} {one.called}: {_line(one.description)}"] if one is not None else []
    if before.digest == now.digest:
        return []
    lines = [f"changed {now.called}"]
    for label, old, new in (
        ("description", before.description, now.description),
        ("schema", before.schema, now.schema),
    ):
        if old != new:
            lines += [f"  - {label}: {_line(old, 2_000)}", f"  + {label}: {_line(new, 2_000)}"]
    return lines


def _line(text: str, limit: int = 160) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"
