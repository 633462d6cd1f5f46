"""A call that takes two keys, from the question over the operator's signature to the very bytes that run."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.approval import Decision, Ruling, SignedIntent
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ApprovalAsked, ToolRefused, ToolRequested
from hermes_tui.domain.ids import ApprovalId, CallId
from hermes_tui.domain.intents import covered_in, parsed
from hermes_tui.domain.ports import Answer
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.services import approvals
from hermes_tui.services.control import Owner
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.verdict import Result
from hermes_tui.services.workstation import Workstation
from tests.kernel.bench import PLACE, FakeProvider, KernelBench

CONFIG = """
policy:
  two_keys:
    classes: ["write(*)", "shell(*)"]
    operators: ["{public}"]
    life_s: {life_s}
"""
WRITE = """---
mode: auto
---
Deploy.

```plan
schema: hermes.plan/1
tasks:
  - {id: a, kind: tool, title: deploy, use: write, args: {path: out.txt, content: deployed}}
```
"""


@dataclass
class Desk:
    """A home whose operator has a key, and a goal whose one call takes two keys."""

    root: Path
    key: Path

    @property
    def work(self) -> Path:
        return self.root / "ws"

    def station(self) -> Workstation:
        return Workstation(RunOptions(workspace=self.work, home=self.root / "home"))

    def run(self) -> Result:
        """Pursue the goal as far as it goes."""
        return asyncio.run(self.station().pursue(self.root / "goal.md", []))

    def waiting(self) -> approvals.Waiting:
        station = self.station()
        (found,) = approvals.waiting(station.sessions())
        return found

    def sign(self) -> str:
        """Sign what waits, as `hermes approvals allow ID --key FILE` does."""
        return approvals.signature_for(self.station().config, self.waiting(), key=self.key, made=None)

    def answer(self, signature: str) -> None:
        """Say yes, with or without a signature."""
        station, found = self.station(), self.waiting()
        given = Answer(approval_id=found.asked.approval_id, allow=True, signature=signature)
        approvals.answer(station.sessions(), station.ledger, found, given)

    def refusals(self) -> list[str]:
        """Return why calls were refused, off the journal."""
        (path,) = self.station().sessions().glob("*.db")
        bodies = [record.body for record in read_session(path)]
        return [body.reason for body in bodies if isinstance(body, ToolRefused)]


def prepared(tmp_path: Path, life_s: float = 600.0) -> Desk:
    """Make the home, the key and the goal."""
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text(encoding="utf-8").strip()
    (tmp_path / "home").mkdir()
    (tmp_path / "ws").mkdir()
    (tmp_path / "home" / "config.yaml").write_text(CONFIG.format(public=public, life_s=life_s), encoding="utf-8")
    (tmp_path / "goal.md").write_text(WRITE, encoding="utf-8")
    return Desk(tmp_path, key)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return prepared(tmp_path)


def test_a_signed_call_runs_as_it_was_signed(desk: Desk) -> None:
    asked = desk.run()
    intent = desk.waiting().asked.intent
    said = parsed(intent.text if intent else "")
    desk.answer(desk.sign())

    done = desk.run()

    assert (asked.fields["status"], done.fields["status"]) == ("needs_approval", "done")
    assert (desk.work / "out.txt").read_text(encoding="utf-8") == "deployed"
    assert said["arguments"] == '{"path": "out.txt", "content": "deployed"}'
    assert str(said["worst_case"]).startswith("All of ")
    assert (said["cap_usd"], covered_in(said)["tool"]) == (5.0, "write")


def test_a_plain_yes_is_refused_and_reported(desk: Desk) -> None:
    desk.run()
    desk.answer("")

    ended = desk.run()

    assert ended.fields["status"] != "done"
    assert desk.refusals() == ["The operator did not sign it; a plain yes is not enough."]
    assert not (desk.work / "out.txt").exists()


def test_a_signature_over_another_intent_is_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = prepared(tmp_path / "other")
    other.key = desk.key
    (other.root / "home" / "config.yaml").write_bytes((desk.root / "home" / "config.yaml").read_bytes())
    desk.run()
    other.run()
    desk.answer(other.sign())

    desk.run()

    assert desk.refusals() == ["The countersignature is not over this intent."]


def test_an_expired_intent_is_refused(tmp_path: Path) -> None:
    desk = prepared(tmp_path, life_s=1e-6)
    desk.run()
    desk.answer(desk.sign())

    desk.run()

    assert desk.refusals() == ["The signed intent has expired."]


def test_a_used_signature_counts_for_nothing_more(desk: Desk) -> None:
    desk.run()
    found = desk.waiting()
    intent = found.asked.intent
    assert intent is not None
    desk.answer(desk.sign())
    desk.station().ledger.burn(str(parsed(intent.text)["nonce"]), "another session")

    desk.run()

    assert desk.refusals() == ["The signed intent was used before; each counts once."]


def test_a_file_that_the_command_names_cannot_be_exchanged_after_it_was_signed(desk: Desk) -> None:
    goal = WRITE.replace(
        "use: write, args: {path: out.txt, content: deployed}", 'use: shell, args: {command: "sh d.sh"}'
    )
    (desk.root / "goal.md").write_text(goal, encoding="utf-8")
    (desk.work / "d.sh").write_text("echo fine\n", encoding="utf-8")
    desk.run()
    desk.answer(desk.sign())
    (desk.work / "d.sh").write_text("echo evil > out.txt\n", encoding="utf-8")

    desk.run()

    assert desk.refusals() == ["It is not what was signed: files, tree changed."]
    assert not (desk.work / "out.txt").exists()


def test_a_script_that_a_signed_script_reads_cannot_be_exchanged_either(desk: Desk) -> None:
    goal = WRITE.replace(
        "use: write, args: {path: out.txt, content: deployed}", 'use: shell, args: {command: "sh d.sh"}'
    )
    (desk.root / "goal.md").write_text(goal, encoding="utf-8")
    (desk.work / "d.sh").write_text(". ./lib.sh\n", encoding="utf-8")
    (desk.work / "lib.sh").write_text("echo fine\n", encoding="utf-8")
    desk.run()
    desk.answer(desk.sign())
    (desk.work / "lib.sh").write_text("echo evil > out.txt\n", encoding="utf-8")

    desk.run()

    assert desk.refusals() == ["It is not what was signed: tree changed."]
    assert not (desk.work / "out.txt").exists()


def test_what_a_call_gets_in_its_environment_is_signed_too(desk: Desk) -> None:
    steps = """  - {id: a, kind: tool, title: look, use: read, args: {path: host.txt}}
  - {id: b, kind: tool, title: deploy, use: shell, args: {command: "echo ${a} > out.txt"}, needs: [a]}
"""
    (desk.root / "goal.md").write_text(WRITE.partition("  - {id")[0] + steps + "```\n", encoding="utf-8")
    (desk.work / "host.txt").write_text("example.org\n", encoding="utf-8")
    desk.run()
    intent = desk.waiting().asked.intent
    desk.answer(desk.sign())

    done = desk.run()

    said = parsed(intent.text if intent else "")
    (shown,) = cast("dict[str, str]", said["env"]).values()
    assert "example.org" in shown
    assert done.fields["status"] == "done"


def test_signing_is_refused_where_it_would_not_count(desk: Desk) -> None:
    desk.run()
    stranger = prepared_key(desk.root)

    with pytest.raises(UsageInvalid, match="does not name"):
        approvals.signature_for(desk.station().config, desk.waiting(), key=stranger, made=None)


def test_classes_without_an_operator_are_a_wrong_config(desk: Desk) -> None:
    config = desk.root / "home" / "config.yaml"
    config.write_text('policy: {two_keys: {classes: ["write(*)"]}}\n', encoding="utf-8")

    with pytest.raises(UsageInvalid, match="no operator's key"):
        desk.run()


def prepared_key(folder: Path) -> Path:
    """Make a key that the config does not know."""
    key = folder / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key


async def test_no_unsigned_yes_goes_through_the_control_socket() -> None:
    bench = KernelBench(provider=FakeProvider([]), tools={})
    signed = SignedIntent(text="{}", key="00", signature="00")
    place, emit = PLACE, bench.kit.session.emit
    call, approval = CallId("c"), ApprovalId("c-1")
    ruling = Ruling(decision=Decision.ASK, rule="two keys: host", two_keys=True)
    emit(
        ToolRequested(
            call_id=call, tool="t", arguments="{}", summary="", effect=Effect.EXTERNAL, reach=Reach.HOST, ruling=ruling
        ),
        place,
    )
    emit(
        ApprovalAsked(
            approval_id=approval,
            call_id=call,
            tool="t",
            what="",
            why="",
            reach=Reach.HOST,
            undo="",
            digest="d",
            intent=signed,
        ),
        place,
    )
    owner = Owner(
        session=bench.kit.session, gate=bench.kit.gate, place=lambda: place, stop=lambda: None, clock=bench.clock
    )

    unsigned = await owner.answer({"do": "answer", "id": approval, "allow": True})
    denied = await owner.answer({"do": "answer", "id": approval, "allow": False})

    assert unsigned == {"ok": False, "error": "Approval c-1 takes the operator's signature."}
    assert denied["ok"] is True
