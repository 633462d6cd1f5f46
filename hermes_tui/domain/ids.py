"""Typed ids and the instants that order them."""

from typing import NewType

SessionId = NewType("SessionId", str)
RunId = NewType("RunId", str)
TurnId = NewType("TurnId", str)
TaskId = NewType("TaskId", str)
AgentId = NewType("AgentId", str)
CallId = NewType("CallId", str)
"""A tool call; minted by Hermes, at most 40 characters of `[a-zA-Z0-9_-]`, sent as it is on every wire."""
RequestId = NewType("RequestId", str)
"""One model request."""
ApprovalId = NewType("ApprovalId", str)
ReservationId = NewType("ReservationId", str)
Seq = NewType("Seq", int)
"""Place of a record in its session file; counts from 1."""

MAIN_AGENT = AgentId("main")


def owner_of(agent: AgentId) -> AgentId:
    """Return the agent on whose behalf `agent` works: what stands after `~` only names the errand."""
    return AgentId(agent.partition("~")[0])


def child_session(root: SessionId, agent: AgentId) -> SessionId:
    """Return the id of a child session: it lives in the file of the session that its first part names."""
    return SessionId(f"{root_session(root)}.{agent}")


def root_session(session: SessionId) -> SessionId:
    """Return the session whose file holds the records of `session`."""
    return SessionId(session.partition(".")[0])
