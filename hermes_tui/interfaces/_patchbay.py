"""The patchbay in words, for every door: a table of roles, and an edit as it is typed."""

from __future__ import annotations

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.interfaces._tables import table
from hermes_tui.services.patchbay import CLOCKS, FIELDS, Edit, Patch, edit_of

HEAD = ("role", "model", "connect·first·idle·total s", "usd")


def brain_of(patch: Patch) -> str:
    """Return who answers for a role, and whether the role says so itself."""
    over = f" (the {patch.over} wins)" if patch.over else ""
    own = patch.role == "cortex" or "model" in patch.own
    return f"{patch.model}{over}" if own else "= cortex"


def clocks_of(patch: Patch) -> str:
    """Return the four clocks of a role, as an edit takes them."""
    return "·".join(f"{seconds:g}" for seconds in patch.clocks)


def usd_of(patch: Patch) -> str:
    """Return the cap of a role, `–` where it has none of its own."""
    return "–" if patch.usd is None else f"{patch.usd:.2f}"


def value_of(patch: Patch, field: str) -> str:
    """Return what a role sets itself, as an edit takes it; empty if it is inherited."""
    match field:
        case "model":
            return patch.model if "model" in patch.own else ""
        case "usd":
            return usd_of(patch) if "usd" in patch.own else ""
        case _:
            return clocks_of(patch) if patch.own & set(CLOCKS) else ""


def patch_lines(patches: tuple[Patch, ...]) -> list[str]:
    """Return a table of the roles."""
    return table([HEAD, *((one.role, brain_of(one), clocks_of(one), usd_of(one)) for one in patches)])


def asked(text: str) -> Edit:
    """Return the edit that is typed as `ROLE FIELD VALUE`.

    Raises:
        UsageInvalid: it is none.
    """
    role, _, rest = text.partition(" ")
    field, _, value = rest.strip().partition(" ")
    if not field or not value.strip():
        hint = f"/patchbay ROLE {'|'.join(FIELDS)} VALUE; - inherits again."
        raise UsageInvalid("Name the role, what to change and the value.", hint=hint)
    return edit_of(role, field, value)
