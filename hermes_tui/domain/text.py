"""Text from models, tools and files, made safe for one line of a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` on one line with control characters and direction overrides made visible."""
    if text.isprintable():
        return text  # Nothing that is made visible here counts as printable in Unicode.
    return "".join(_visible(letter) for letter in text.replace("\n", " ").replace("\t", " "))


def _visible(letter: str) -> str:
    code = ord(letter)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"\\x{code:02x}"
    if 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or code in (0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF):
        return f"\\u{code:04x}"
    if 0xD800 <= code <= 0xDFFF:
        return f"\\u{code:04x}"
    return letter


def first_line(text: str, width: int) -> str:
    """Return the first line that says something, cut to `width` characters and safe to print."""
    line = next((line for line in text.splitlines() if line.strip()), "").strip()
    shown = printable(line)
    return shown if len(shown) <= width else f"{shown[: width - 1]}…"


def gist(text: str) -> str:
    """Return what a text says before its first block of code, on one line and without marks."""
    before = text.partition("```")[0].strip() or text.replace("```", " ")
    return " ".join(before.replace("**", "").replace("`", "").split())
