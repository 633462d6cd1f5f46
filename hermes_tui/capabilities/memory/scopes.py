"""Where notes hold: everywhere, or in one workspace alone; each scope has a folder and an index."""

from __future__ import annotations

import hashlib
from typing import Final

from hermes_tui.capabilities.memory.plain_words import plain_words

INDEX: Final = "MEMORY.md"
FOLDER: Final = "memory"
WORKSPACES: Final = f"{FOLDER}/workspaces"


def scope_of_path(path: str) -> str:
    """Return the scope of what lies at `path`."""
    parts = path.split("/")
    return parts[2] if path.startswith(f"{WORKSPACES}/") and len(parts) > 3 else ""


def scope_of_workspace(workspace: str) -> str:
    """Return the scope of a workspace's folder: its name, and a digest that tells two of one name apart."""
    name = "-".join(plain_words(workspace.rstrip("/").rpartition("/")[2]))[:24] or "root"
    return f"{name}-{hashlib.sha256(workspace.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def index_of_scope(scope: str) -> str:
    """Return the path of the index that is in context: the home's, or a workspace's."""
    return f"{WORKSPACES}/{scope}/{INDEX}" if scope else INDEX


def is_index(path: str) -> bool:
    """Whether `path` is an index rather than a note."""
    return path == INDEX or (path.startswith(f"{WORKSPACES}/") and path.count("/") == 3 and path.endswith(f"/{INDEX}"))
