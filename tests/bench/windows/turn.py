"""One turn in the workstation: from Enter to the wire, from the wire to the screen, and how fast a stream may be."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from tests.bench.bench import Bench
from tests.bench.programs import hermes
from tests.bench.rows import Bar, Row, Samples
from tests.bench.windows.start import READY, ours_env
from tests.bench.windows.window import Window, window
from tests.fakes.log import Exchange
from tests.fakes.running import running_server
from tests.fakes.scenario import Asked, Reply, Scenario
from tests.fakes.server import FakeServer

MODEL: Final = "fake-large"
STEADY, FAST = 200, 4_000
"""Tokens a second: what a model gives, and what must still be kept up with."""
STEADY_TOKENS, FAST_TOKENS, FLOOD_TOKENS = 1_000, 8_000, 30_000
PARAGRAPH: Final = 60
PIECE: Final = 20
"""At a high rate the fake sends so many tokens at once: a timer of less than 5 ms would measure the timer."""


def answer(asked: Asked) -> Reply:
    """Answer by the last word of the goal: one token, a steady stream, a fast one, or all at once."""
    said = str(asked.body)
    if "go steady" in said:
        return Reply(deltas=_tokens(STEADY_TOKENS), token_s=1 / STEADY)
    if "go fast" in said:
        return Reply(deltas=_pieces(FAST_TOKENS), token_s=PIECE / FAST)
    if "go flood" in said:
        return Reply(deltas=_tokens(FLOOD_TOKENS))
    first = "shorttoken " if "go short" in said else "firsttoken "
    return Reply(deltas=[first, "end\n"], first_token_s=0.001, token_s=0.5)


def _tokens(count: int) -> list[str]:
    """Return words in paragraphs, as models write them."""
    words = [f"w{number:05d}" + (" " if number % PARAGRAPH else "\n\n") for number in range(1, count)]
    return [*words, "lastword\n"]


def _pieces(count: int) -> list[str]:
    words = _tokens(count)
    return ["".join(words[at : at + PIECE]) for at in range(0, count, PIECE)]


def measure(bench: Bench) -> list[Row]:
    """Take each figure in a session of its own."""
    runs = max(bench.runs, 3)
    short = [_short(bench) for _ in range(runs)]
    steady = [_steady(bench) for _ in range(runs)]
    fast = [_lag_ms(bench) for _ in range(runs)]
    flood = [_flood(bench) for _ in range(runs)]
    return [
        Row(
            figure="workstation",
            what="Enter until the request is on the wire, the turn durable first",
            unit="ms",
            ours=Samples(tuple(one for one, _ in short)),
            bar=Bar(value=15),
        ),
        Row(
            figure="workstation",
            what="first token sent until painted",
            unit="ms",
            ours=Samples(tuple(one for _, one in short)),
            bar=Bar(value=33),
        ),
        Row(
            figure="workstation",
            what=f"CPU per 1,000 tokens at {STEADY}/s",
            unit="s",
            ours=Samples(tuple(steady)),
            bar=Bar(value=1.1),
        ),
        Row(
            figure="workstation",
            what=f"keeps up: last of {FAST_TOKENS:,} tokens at {FAST:,}/s, sent until painted",
            unit="ms",
            ours=Samples(tuple(fast)),
            bar=Bar(value=100),
        ),
        Row(
            figure="workstation",
            what=f"flood of {FLOOD_TOKENS:,} tokens until the last is painted",
            unit="tok/s",
            ours=Samples(tuple(flood)),
            bar=Bar(value=9_000, least=True),
        ),
    ]


@contextmanager
def opened_on(bench: Bench, server: FakeServer, *args: str) -> Generator[Window]:
    """Open the workstation on a fake model, warmed by one turn, so that no first connection is measured."""
    env = ours_env(bench, OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="fake")
    argv = hermes("-m", f"openai:{MODEL}", "--mode", "auto", *args)
    with window(argv, env, bench.new_folder("turn")) as opened:
        opened.until_said(READY)
        opened.settle()
        opened.type("warm up\r")
        opened.until_said("firsttoken")
        opened.settle()
        yield opened


def _asked(server: FakeServer, words: str) -> Exchange:
    return next(one for one in server.log.exchanges if words in str(one.body))


def _short(bench: Bench) -> tuple[float, float]:
    with running_server(Scenario(respond=answer, models=(MODEL,))) as server, opened_on(bench, server) as opened:
        opened.type("go short")
        opened.settle(0.3)
        at = len(opened.raw)
        entered = opened.type("\r")
        painted = opened.until_said("shorttoken", after=at)
        exchange = _asked(server, "go short")
        sent = exchange.first_byte_s or exchange.received_s
        return 1000 * (exchange.received_s - entered), 1000 * (painted - sent)


def _streamed(bench: Bench, words: str) -> tuple[float, float, float]:
    """Return the seconds from the first byte to the last painted word, after the last byte, and the CPU of it."""
    with running_server(Scenario(respond=answer, models=(MODEL,))) as server, opened_on(bench, server) as opened:
        before, at = opened.cpu_s(), len(opened.raw)
        opened.type(f"{words}\r")
        painted = opened.until_said("lastword", after=at)
        spent = opened.cpu_s() - before
        exchange = _asked(server, words)
        first, last = exchange.first_byte_s or 0.0, exchange.last_byte_s or time.monotonic()
        return painted - first, painted - last, spent


def _steady(bench: Bench) -> float:
    return _streamed(bench, "go steady")[2] * 1_000 / STEADY_TOKENS


def _lag_ms(bench: Bench) -> float:
    return 1000 * _streamed(bench, "go fast")[1]


def _flood(bench: Bench) -> float:
    return FLOOD_TOKENS / _streamed(bench, "go flood")[0]
