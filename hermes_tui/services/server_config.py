"""What can be configured about a tool server: a section of `config.yaml`, and of what a trusted project brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen
from hermes_tui.services.sections import Bounds, Section

VARIABLE: Final = later(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""How a header names an environment variable."""
Seconds = Annotated[float, Bounds(gt=0, le=3600)]
ServerName = Annotated[str, Bounds(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
Variable = Annotated[str, Bounds(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class McpServer(Section):
    """A tool server (Model Context Protocol): a `command` that runs in the sandbox, or a `url`."""

    command: Annotated[str, Bounds(min_length=1, max_length=4096)] | None = None
    """The program of a server that runs here."""
    args: tuple[str, ...] = ()
    """Its arguments, word by word; no shell reads them."""
    env: tuple[Variable, ...] = ()
    """Names of the environment variables that it gets besides the sandbox's own; never their values."""
    url: Annotated[str, Bounds(pattern=r"^https?://[^\s/@?#]+(/[^\s#]*)?$", max_length=4096)] | None = None
    """The address of a server on the web (streamable HTTP)."""
    headers: Mapping[str, str] = {}
    """What each request to `url` carries; `${NAME}` stands for an environment variable."""
    enabled: bool = True
    """Whether its tools are offered."""
    tools: tuple[str, ...] = ()
    """The only ones of its tools that are offered, by the server's own names; empty offers all."""
    timeout_s: Seconds = 60.0
    """How long one call may take."""
    effect: Literal["read", "write", "external"] = "external"
    """What its calls may do to the world, by your word; what the server says of itself never counts."""
    write: tuple[str, ...] = ()
    """Folders of the workspace that a `command` may change; none by default."""
    hosts: tuple[str, ...] = ()
    """Hosts that a `command` may contact; none by default."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables whose values the server gets, in its environment or its headers."""
        in_headers = (name for text in self.headers.values() for name in VARIABLE.findall(text))
        return tuple(dict.fromkeys((*self.env, *in_headers)))


@frozen
class ServerRow:
    """How one server stands: whether it is trusted, whether it runs, and what went wrong with it last."""

    name: str
    standing: str
    state: str
    tools: int
    where: str
    origin: str
    effect: str
    trouble: str
