"""`approvals`: what waits, the answers, and the lasting grants."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Final

from hermes_tui.domain.approval import answering
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.ports import Answer
from hermes_tui.interfaces._changes import unsaid
from hermes_tui.interfaces._tables import table, when
from hermes_tui.interfaces.inspect._print import say, say_json
from hermes_tui.services import approvals as service
from hermes_tui.services.workstation import Workstation

DAY_S: Final = 86_400.0


async def approvals(station: Workstation, args: Namespace) -> int:
    """Carry out one verb of `hermes approvals`."""
    match args.verb:
        case "list":
            _list(station, as_json=args.json)
        case "grants":
            _grants(station, as_json=args.json)
        case "revoke":
            service.revoke(station.ledger, args.rule)
            say(f"Taken back: {args.rule}. It asks again from the next run on.")
        case "intent":
            _intent(station, args.id)
        case _:
            _answer(station, args)
    return 0


def _answer(station: Workstation, args: Namespace) -> None:
    found = service.find(station.sessions(), args.id)
    always = args.verb == "allow" and args.always
    if args.verb == "answer" and found.asked.tool != "ask":
        raise UsageInvalid(f"{args.id} is no question.", hint=f"hermes approvals allow {args.id}, or deny.")
    if always:
        expires = station.clock.now() + args.days * DAY_S if args.days else None
        say(f"Allowed for good: {service.allow_always(station.ledger, found, expires=expires)}")
    signature = _signature(station, found, args) if args.verb == "allow" else ""
    text = {"answer": "text", "deny": "reason"}.get(args.verb)
    given = Answer(
        approval_id=found.asked.approval_id,
        allow=args.verb != "deny",
        text=getattr(args, text) if text else "",
        always=always,
        signature=signature,
    )
    said = service.answer(station.sessions(), station.ledger, found, given)
    say(f"{found.asked.tool}: {found.asked.what}")
    say(f"Session {found.session}: {said}")


def _signature(station: Workstation, found: service.Waiting, args: Namespace) -> str:
    """Show a waiting intent and have it signed; empty where a plain yes is enough."""
    if found.asked.intent is not None:
        for line in found.asked.intent.text.splitlines():
            say(line)
    return service.signature_for(station.config, found, key=args.key, made=args.signature)


def _intent(station: Workstation, wanted: str) -> None:
    """Print exactly the bytes that are to be signed, for a key that is kept elsewhere."""
    found = service.find(station.sessions(), wanted)
    if found.asked.intent is None:
        raise UsageInvalid(f"{wanted} takes no signature.", hint=f"hermes approvals allow {wanted}")
    sys.stdout.write(found.asked.intent.text)


def _list(station: Workstation, *, as_json: bool) -> None:
    found = list(service.waiting(station.sessions()))
    if as_json:
        say_json(
            [
                {
                    "id": one.asked.approval_id,
                    "session": one.session,
                    "live": one.live,
                    "task": one.task,
                    "agent": one.asked.agent,
                    "errand": one.asked.errand,
                    "tool": one.asked.tool,
                    "what": one.asked.what,
                    "why": one.asked.why,
                    "reach": one.asked.reach.name.lower(),
                    "undo": one.asked.undo,
                    "two_keys": one.asked.intent is not None,
                }
                for one in found
            ]
        )
        return
    for one in found:
        live = ", live" if one.live else ""
        say(f"◊ {one.asked.approval_id}  {one.asked.tool}: {one.asked.what}  (session {one.session}{live})")
        if one.asked.asker:
            say(f"  asked by: {one.asked.asker}   task: {one.task or '-'}")
        say(f"  why: {one.asked.why}   reach: {one.asked.reach.name.lower()}   undo: {one.asked.undo or 'none'}")
        _say_whole(one)
        if one.asked.intent is not None:
            say("  two keys: your signature is needed besides your leave; ssh-agent signs, or --key FILE")
        command = answering(one.asked.approval_id, one.asked.tool, one.session)
        plain = command.startswith("hermes approvals allow")
        say(f"  {command}   or   deny {one.asked.approval_id} --reason TEXT" if plain else f"  {command}")
    if not found:
        say("Nothing waits for you.")


def _say_whole(one: service.Waiting) -> None:
    """Say what of the call its one line leaves out: nobody should allow what stands nowhere."""
    requested = one.state.calls.requested.get(one.asked.call_id)
    for name, text in unsaid(one.asked.tool, requested.arguments if requested else "", one.asked.what).items():
        say(f"  {name}, all of it:")
        for row in text.split("\n"):
            say(f"    {row}")


def _grants(station: Workstation, *, as_json: bool) -> None:
    found = station.ledger.lasting()
    if as_json:
        say_json([{"rule": rule, "by": by, "given_at": at, "expires_at": ends} for rule, by, at, ends in found])
        return
    rows = [
        (rule, f"by {by}", f"since {when(at)}", f"until {when(ends) if ends else 'revoked'}")
        for rule, by, at, ends in found
    ]
    for line in table(rows):
        say(line)
    if not found:
        say("Nothing is allowed for good. `hermes approvals allow ID --always` does that.")
