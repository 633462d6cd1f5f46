"""Source code as coloured lines; the only file that imports pygments."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pygments.lexers import (
    get_lexer_by_name,  # pyright: ignore[reportUnknownVariableType] its options have no type
)
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

from hermes_tui.interfaces.tui.drawing.cells import Span, foreign, harmless

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_ROLES = (
    (Comment, "muted"),
    (String, "ok"),
    (Number, "text"),
    (Operator.Word, "text bold"),
    (Keyword, "text bold"),
    (Name.Decorator, "text"),
)


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _role(kind: _TokenType) -> str:
    return next((role for parent, role in _ROLES if kind in parent), "text")


@lru_cache(maxsize=512)
def coloured(text: str, language: str) -> tuple[tuple[Span, ...], ...]:
    """Return each line of `text` as spans."""
    lexer = _lexer(language)
    if lexer is None:
        return tuple(tuple(foreign(line)) for line in text.split("\n"))
    lines: list[list[Span]] = [[]]
    for kind, value in lexer.get_tokens(text):
        role = _role(kind)
        first, *rest = harmless(value).split("\n")
        if first:
            lines[-1].append((first, role))
        lines += [[(part, role)] if part else [] for part in rest]
    while len(lines) > text.count("\n") + 1:
        lines.pop()
    return tuple(tuple(line) for line in lines)
