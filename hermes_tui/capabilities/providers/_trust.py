"""Whose certificates count: those that the system trusts; the only file that imports `truststore`."""

from __future__ import annotations

import ssl

import truststore


def context() -> ssl.SSLContext:
    """Return a context that checks certificate and name as the system's own programs do."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
