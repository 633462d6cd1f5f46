"""A program of its own, run inside: lead a port of the sandbox to the proxy's socket, then become the command."""

from __future__ import annotations

import os
import socket
import sys
import threading
from contextlib import suppress

CHUNK_BYTES = 65_536


def pump(source: socket.socket, target: socket.socket) -> None:
    """Carry bytes one way until the source ends."""
    with suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def carry(client: socket.socket, path: str) -> None:
    """Join one connection with the proxy."""
    with client, socket.socket(socket.AF_UNIX) as proxy:
        try:
            proxy.connect(path)
        except OSError:
            return
        back = threading.Thread(target=pump, args=(proxy, client), daemon=True)
        back.start()
        pump(client, proxy)
        back.join()


def serve(listening: socket.socket, path: str) -> None:
    """Take connections for as long as the sandbox lives."""
    while True:
        client, _ = listening.accept()
        threading.Thread(target=carry, args=(client, path), daemon=True).start()


def main(port: int, path: str, argv: list[str]) -> int:
    """Listen first, so that the command finds the port open; then run it in this very process."""
    listening = socket.create_server(("127.0.0.1", port), backlog=64)
    if os.fork() == 0:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nowhere, number)
        serve(listening, path)
    listening.close()
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - this is what it is for
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
    return 127


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
