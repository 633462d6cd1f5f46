"""The control socket of a session's owner: private to its user, one JSON line in and one out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, cast

from hermes_tui.domain.errors import JournalError
from hermes_tui.kernel.chance import token

Fields = Mapping[str, object]
Answerer = Callable[[Fields], Awaitable[Fields]]

LONGEST_PATH: Final = 103
"""Bytes of `sun_path` without its end, on macOS; Linux has four more."""
_NAME_BYTES: Final = 26
"""A slash, a process id of up to ten digits, eight random ones and the ending."""
LONGEST_LINE: Final = 65_536
READ_S: Final = 5.0
_PAUSE_S: Final = 0.1
_XUCRED_BYTES: Final = 76


def private_folder(environ: Mapping[str, str], temporary: Path) -> Path:
    """Return a folder that only this user may enter: in `$XDG_RUNTIME_DIR`, else in `temporary`.

    Raises:
        JournalError: what stands there is not this user's own folder.
    """
    named = Path(environ.get("XDG_RUNTIME_DIR", ""), "hermes-tui")
    if named.is_absolute() and _is_own(named.parent) and len(os.fsencode(named)) + _NAME_BYTES <= LONGEST_PATH:
        folder = named
    else:
        folder = temporary / f"hermes-tui-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if not _is_own(folder):
        raise JournalError(
            f"{folder} is not a private folder of this user.", hint="Remove it, or set XDG_RUNTIME_DIR to one."
        )
    return folder


def _is_own(folder: Path) -> bool:
    """Whether `folder` is really a folder, belongs to this user, and nobody else may enter it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


@contextlib.asynccontextmanager
async def listening(answer: Answerer, folder: Path, *, uid: int | None = None) -> AsyncGenerator[str]:
    """Answer requests until the block ends; yield the socket's path, empty if no socket could be made.

    Args:
        answer: What a request gets; an exception it raises is told to the asker.
        folder: A private folder.
        uid: Whose requests are answered; None is this user.
    """
    _sweep(folder)
    path = folder / f"{os.getpid()}-{token(4)}.sock"
    listener = _bound(path)
    if listener is None:
        yield ""
        return
    accepting = asyncio.create_task(_accept(listener, answer, os.getuid() if uid is None else uid), name="control")
    try:
        yield str(path)
    finally:
        accepting.cancel()
        await asyncio.wait({accepting})
        listener.close()
        path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove the sockets of processes that are gone."""
    for path in folder.glob("*.sock"):
        pid = path.name.partition("-")[0]
        if pid.isdecimal() and not _lives(int(pid)):
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _bound(path: Path) -> socket.socket | None:
    if len(os.fsencode(path)) > LONGEST_PATH:
        return None
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(16)
        listener.settimeout(0)
    except OSError:
        listener.close()
        return None
    return listener


async def _accept(listener: socket.socket, answer: Answerer, uid: int) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:
                # Out of descriptors, or the asker is gone already: the run must not end for that.
                await asyncio.sleep(_PAUSE_S)
                continue
            if peer_uid(connection) == uid:
                group.create_task(_serve(connection, answer), name="control:answer")
            else:
                connection.close()


def peer_uid(connection: socket.socket) -> int:
    """Return the user at the other end of a Unix socket, as the kernel knows it; -1 if it does not."""
    try:
        if hasattr(socket, "SO_PEERCRED"):
            found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            return int(struct.unpack("3i", found)[1])
        # macOS and the BSDs: LOCAL_PEERCRED of unix(4), a struct xucred that begins with version and uid.
        found = connection.getsockopt(0, 1, _XUCRED_BYTES)
        return int(struct.unpack_from("II", found)[1])
    except (OSError, struct.error):
        return -1


async def _serve(connection: socket.socket, answer: Answerer) -> None:
    """Answer one request; whatever the asker sends or does, the run goes on."""
    with contextlib.suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=LONGEST_LINE)
        try:
            async with asyncio.timeout(READ_S):
                reply = await _reply(reader, answer)
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()
        finally:
            writer.close()


async def _reply(reader: asyncio.StreamReader, answer: Answerer) -> Fields:
    try:
        request: object = json.loads(await reader.readline())
        if not isinstance(request, dict):
            return {"ok": False, "error": "A request is a JSON object on one line."}
        return await answer(cast("Fields", request))
    except ValueError as error:
        return {"ok": False, "error": f"A request is a JSON object on one line: {error}."}
    except JournalError as error:
        return {"ok": False, "error": error.message, "hint": error.hint}


def ask(path: str, request: Fields, *, timeout_s: float = 10.0) -> dict[str, object]:
    """Send one request to an owner; return its answer.

    Raises:
        OSError: nobody listens there, or not in time.
        ValueError: what came back is no answer.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        connection.connect(path)
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as stream:
            reply: object = json.loads(stream.readline() or b"null")
    if not isinstance(reply, dict):
        raise ValueError("no answer")  # noqa: TRY004 - it is the content that is wrong, not a caller's type
    return cast("dict[str, object]", reply)
