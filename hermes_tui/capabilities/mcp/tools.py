"""The tools of servers as tools of ours: judged by the operator's word for their server, read as a stranger's."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from typing import Final, cast

from hermes_tui.capabilities.mcp.catalog import Listing, clean
from hermes_tui.capabilities.mcp.rpc import Fields, fields_of, items_of, text_of
from hermes_tui.capabilities.mcp.server import ToolServer
from hermes_tui.capabilities.mcp.shape import MOST_COMPLAINTS, misfits
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ArgumentsInvalid
from hermes_tui.domain.parts import ToolSchema
from hermes_tui.domain.ports import ToolContext, ToolOutcome, ToolSpec
from hermes_tui.domain.tasks import Effect, Reach

OUTPUT_LIMIT: Final = 30_000
ARGUMENTS_LIMIT: Final = 1_000_000
SUMMARY_LIMIT: Final = 200
RESULT_LIMIT: Final = 1_000_000
"""Characters of a result that are looked at; what is shown of it is less."""


class ServerTool:
    """One tool of a server; implements `ports.Tool`."""

    def __init__(self, server: ToolServer, listing: Listing) -> None:
        self._server = server
        self._listing = listing
        config = server.config
        reach = Reach.NETWORK if config.url or config.hosts else Reach.SANDBOX if config.write else Reach.WORKSPACE
        schema = ToolSchema(name=listing.called, description=listing.description, parameters=listing.schema)
        self._spec = ToolSpec(
            schema=schema,
            # Who may write without being asked must at least leave a way back.
            effect=max(config.effect, Effect.WRITE) if config.write else config.effect,
            reach=reach,
            timeout_s=config.timeout_s,
            output_limit=OUTPUT_LIMIT,
            server=config.name,
        )

    @property
    def spec(self) -> ToolSpec:
        return self._spec

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:  # noqa: ARG002 - the shape of a tool
        values, spec, config = self._parsed(arguments), self._spec, self._server.config
        where = config.url.split("/")[2] if config.url else ", ".join(config.hosts)
        words = tuple(f"{name}={_word(value)}" for name, value in sorted(values.items()))
        shown = " ".join(words)
        summary = f"{shown} (reaches {where})" if where else shown
        return ResolvedCall(
            tool=spec.schema.name,
            effect=spec.effect,
            reach=spec.reach,
            summary=clean(summary)[:SUMMARY_LIMIT].replace("\n", " "),
            targets=tuple(map(str, config.write)),
            argv=words,
        )

    async def run(self, arguments: str, context: ToolContext) -> ToolOutcome:
        found = await self._server.call(self._listing, self._parsed(arguments), context.sandbox, context.timeout_s)
        return outcome_of(found)

    def _parsed(self, arguments: str) -> Fields:
        """Return the arguments by name.

        Raises:
            ArgumentsInvalid: they are no object, or do not have the shape of the schema.
        """
        name = self._spec.schema.name
        if len(arguments) > ARGUMENTS_LIMIT:
            raise ArgumentsInvalid(f"{name}: arguments of more than {ARGUMENTS_LIMIT:,} characters.")
        try:
            values: object = json.loads(arguments.strip() or "{}")
        except (ValueError, RecursionError) as error:
            raise ArgumentsInvalid(f"{name}: the arguments are no JSON.") from error
        if not isinstance(values, dict):
            raise ArgumentsInvalid(f"{name}: the arguments must be an object.")
        fields, schema = cast("Fields", values), fields_of(json.loads(self._listing.schema))
        if wrong := list(islice(misfits(fields, schema), MOST_COMPLAINTS)):
            raise ArgumentsInvalid(f"{name}: {'; '.join(wrong)}.", hint=f"Its schema: {self._listing.schema[:2_000]}")
        return fields


def outcome_of(result: Fields) -> ToolOutcome:
    """Return what a server answered as the outcome of a call: its text, and what else there was by name."""
    texts = [_shown(fields_of(each)) for each in items_of(result.get("content"))]
    structured = result.get("structuredContent")
    if structured is not None and not any(texts):
        texts = [json.dumps(structured, ensure_ascii=False)]
    output = "\n".join(text for text in texts if text)[:RESULT_LIMIT]
    failed = result.get("isError") is True
    data: Fields = {"output": output, **({"structured": structured} if structured is not None else {})}
    return ToolOutcome(
        output=output or "(nothing)",
        data=json.dumps(data, ensure_ascii=False),
        ok=not failed,
        error_kind="server_said_so" if failed else "",
    )


_SHOWN: Final[dict[str, Callable[[Fields], str]]] = {
    "text": lambda part: text_of(part.get("text")),
    "resource": lambda part: (
        text_of(fields_of(part.get("resource")).get("text"))
        or f"[resource {text_of(fields_of(part.get('resource')).get('uri'))[:300]}]"
    ),
    "resource_link": lambda part: f"[resource {text_of(part.get('uri'))[:300]}]",
}


def _shown(part: Fields) -> str:
    kind = text_of(part.get("type"))
    if (show := _SHOWN.get(kind)) is not None:
        return show(part)
    media = text_of(part.get("mimeType"))[:60]
    return f"[{kind[:20] or 'part'} {media}, {len(text_of(part.get('data'))) * 3 // 4:,} bytes, not shown]"


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
