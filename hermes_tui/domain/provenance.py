"""Where the text of a result comes from, by the tool that brought it; what comes from the web stays the web's."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.messages import Source
from hermes_tui.domain.patterns import later

_WEB: Final = frozenset({"fetch"})
_WORKSPACE: Final = frozenset({"read", "list", "search", "git"})
_COMMANDS: Final = frozenset({"shell", "shells", "python"})
_OF_WORKSPACE: Final = _WORKSPACE | _COMMANDS
_MEMORY: Final = frozenset({"recall", "search_sessions"})
_UNVOUCHED: Final = later(r'"provenance": "(?!")')
"""What the data of a recall holds if one hit was written after reading the web; no text can: its quotes are escaped."""
SERVED: Final = "mcp."
"""How the names of tools begin that a tool server carries out: what they say is a stranger's word, as the web's is."""
READ_ANY: Final = _OF_WORKSPACE - {"read"}
"""Tools that may read any file of the workspace; `read` says which one it read."""
CONTACTS: Final = '"contacts"'
"""What the data of a command holds whose sandbox was let out to a host."""


def source_of(tool: str, data: str, provenance: str = "") -> Source:
    """Return the source of a result: a command's output is the web's if it was let out, else the workspace's.

    What was recalled is the web's if any of it was. `provenance` is what the record of the call says of what it read.
    """
    if provenance or tool in _WEB or tool.startswith(SERVED):
        return Source.WEB
    if (tool in _COMMANDS and CONTACTS in data) or (tool in _MEMORY and _UNVOUCHED.search(data)):
        return Source.WEB
    return Source.WORKSPACE if tool in _OF_WORKSPACE else Source.TOOL
