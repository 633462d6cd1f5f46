"""What a server lists, made fit to be trusted: clean names, bounded texts, and the digest by which each is known."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Final, cast

from hermes_tui.capabilities.mcp.rpc import Fields, fields_of, text_of
from hermes_tui.domain.provenance import SERVED
from hermes_tui.domain.values import frozen

MOST_TOOLS: Final = 200
NAME_LIMIT: Final = 64
"""What wires take for a tool's name; `mcp.a.b` is `mcp__a__b` there, two letters longer."""
DESCRIPTION_LIMIT: Final = 2_000
SCHEMA_LIMIT: Final = 16_000
MOST_DEPTH: Final = 32
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]+"
)
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")
_ABOUT: Final = ("name", "title", "description", "inputSchema", "annotations", "outputSchema")
"""What of a listed tool is held to: all that says what it is. Pictures and other extras may change."""


@frozen
class Listing:
    """A tool as its server lists it: `name` is the server's own, `called` ours, `schema` JSON text."""

    name: str
    called: str
    description: str
    schema: str
    digest: str


@frozen
class Catalog:
    """The tools of a server, in the order of their names, and why others are not among them."""

    tools: tuple[Listing, ...]
    left_out: tuple[str, ...] = ()


class _Unfit(Exception):
    """A tool that cannot be offered, and why."""


def catalog_of(server: str, listed: Sequence[Fields], wanted: Sequence[str] = ()) -> Catalog:
    """Return what can be offered of a server's list; `wanted` names its tools that the operator allows, none all."""
    found: dict[str, Listing] = {}
    left_out: list[str] = []
    for each in listed[:MOST_TOOLS]:
        name = text_of(each.get("name"))
        if wanted and name not in wanted:
            continue
        try:
            listing = _listing(server, name, each)
        except _Unfit as unfit:
            left_out.append(f"{clean(name)[:60]!r}: {unfit}")
            continue
        if listing.called in found:
            left_out.append(f"{clean(name)[:60]!r}: {listing.called} is the name of another one too")
        else:
            found[listing.called] = listing
    if len(listed) > MOST_TOOLS:
        left_out.append(f"{len(listed) - MOST_TOOLS} more than the {MOST_TOOLS} that are taken")
    left_out += [f"{name!r}: the server has no such tool" for name in wanted if name not in _names(listed)]
    return Catalog(tools=tuple(found[name] for name in sorted(found)), left_out=tuple(left_out))


def digests(catalog: Catalog) -> dict[str, str]:
    """Return the digest of each tool by the server's own name for it."""
    return {listing.name: listing.digest for listing in catalog.tools}


def clean(text: str) -> str:
    """Return text without control characters and without signs that are not seen."""
    return _UNSEEN.sub(" ", text)


def _names(listed: Iterable[Fields]) -> set[str]:
    return {text_of(each.get("name")) for each in listed}


def _listing(server: str, name: str, each: Fields) -> Listing:
    if not name or len(name) > 200:
        raise _Unfit("it has no name, or a very long one")
    schema = fields_of(each.get("inputSchema")) or {"type": "object"}
    if schema.get("type", "object") != "object":
        raise _Unfit("its arguments are no object")
    text = json.dumps(_plain(schema, MOST_DEPTH), separators=(",", ":"), ensure_ascii=False)
    if len(text) > SCHEMA_LIMIT:
        raise _Unfit(f"its schema has {len(text):,} characters, of at most {SCHEMA_LIMIT:,}")
    held = {key: each[key] for key in _ABOUT if key in each}
    return Listing(
        name=name,
        called=_called(server, name),
        description=clean(text_of(each.get("description")) or text_of(each.get("title")))[:DESCRIPTION_LIMIT].strip(),
        schema=text,
        digest=hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest(),
    )


def _called(server: str, name: str) -> str:
    """Return the name by which a tool is called: clean, and short enough for every wire."""
    plain = _NO_NAME.sub("_", name)
    room = NAME_LIMIT - len(f"{SERVED}{server}.") - 2
    if len(plain) > room:
        plain = f"{plain[: room - 7]}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    return f"{SERVED}{server}.{plain}"


def _plain(value: object, depth: int) -> object:
    """Return a schema whose texts are clean; one that is nested too deep is none."""
    if depth == 0:
        raise _Unfit(f"its schema is nested deeper than {MOST_DEPTH}")
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {clean(key): _plain(inner, depth - 1) for key, inner in fields.items()}
    if isinstance(value, list):
        return [_plain(inner, depth - 1) for inner in cast("list[object]", value)]
    return clean(value) if isinstance(value, str) else value
