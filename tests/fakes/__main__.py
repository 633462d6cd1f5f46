"""The fake provider by hand: `python -m tests.fakes`."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.fakes.faults import CUES, Fault, FaultKind, Moment
from tests.fakes.loading import load
from tests.fakes.log import Exchange, append_to
from tests.fakes.scenario import Reply, Scenario, say
from tests.fakes.server import FakeServer

DESCRIPTION = """\
A fake model provider on 127.0.0.1. It speaks OpenAI chat and responses,
Anthropic messages, Ollama, OpenRouter and LM Studio, and misbehaves on request.
"""


def _list(names: Sequence[str]) -> str:
    return "\n".join(f"  {name}" for name in names)


def _epilog() -> str:
    timed = [kind for kind in FaultKind if kind in CUES]
    shaping = [kind for kind in FaultKind if kind not in CUES and kind is not FaultKind.STATUS]
    return f"""\
faults (an HTTP status such as 429 is one too):
{_list(shaping)}
faults that strike at a moment (mid_text if not said):
{_list(timed)}
moments:
{_list(list(Moment))}

examples:
  python -m tests.fakes --text "Hello." --delay-ms 20
  python -m tests.fakes --fault 429
  python -m tests.fakes --fault reset@mid_text:3
  python -m tests.fakes --scenario scenario.yaml --log requests.jsonl

While it runs, GET /__log__ lists the requests and GET /__total__ sums the usage.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fakes",
        description=DESCRIPTION,
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--scenario", type=Path, metavar="FILE", help="YAML or JSON scenario")
    source.add_argument("--text", default="Hello from the fake provider.", help="answer every request with this")
    parser.add_argument("--fault", type=_fault, metavar="NAME[@MOMENT[:TOKENS]]", help="strike every reply")
    parser.add_argument("--delay-ms", type=float, metavar="N", help="delay before each token")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append requests as JSON lines")
    return parser


def _fault(words: str) -> Fault:
    try:
        return Fault.parse(words)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _adjust(reply: Reply, fault: Fault | None, delay_ms: float | None) -> Reply:
    return replace(
        reply,
        fault=fault or reply.fault,
        token_s=reply.token_s if delay_ms is None else delay_ms / 1000,
    )


def _scenario(options: argparse.Namespace) -> Scenario:
    """Combine the options; `--fault` and `--delay-ms` touch `replies`, not rules."""
    scenario = load(options.scenario) if options.scenario else say(options.text)
    replies = [_adjust(reply, options.fault, options.delay_ms) for reply in scenario.replies]
    return replace(scenario, replies=replies)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _exports(server: FakeServer) -> str:
    return f"""\
export OPENAI_BASE_URL={server.openai_url} OPENAI_API_KEY=fake
export ANTHROPIC_BASE_URL={server.anthropic_url} ANTHROPIC_API_KEY=fake
export OLLAMA_HOST={server.ollama_url}
export OPENROUTER_BASE_URL={server.openrouter_url} OPENROUTER_API_KEY=fake
export LMSTUDIO_BASE_URL={server.openai_url}
# models: {", ".join(server.scenario.models)}; Ctrl-C ends"""


async def _run(options: argparse.Namespace, scenario: Scenario) -> None:
    append = append_to(options.log) if options.log else None

    def report(exchange: Exchange) -> None:
        _say(str(exchange))
        if append is not None:
            append(exchange)

    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends us
            asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    async with FakeServer(scenario, port=options.port, on_done=report) as server:
        _say(_exports(server))
        await stop.wait()
        total = server.log.total
    _say(f"{len(server.log)} requests, {total.input_tokens} tokens in, {total.output_tokens} out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        scenario = _scenario(options)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(options, scenario))
    return 0


if __name__ == "__main__":
    sys.exit(main())
