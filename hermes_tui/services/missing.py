"""What is said of a provider that cannot answer."""

from __future__ import annotations

from hermes_tui.domain.values import frozen


@frozen(kw_only=False)
class Missing:
    """Why a provider cannot answer, and what to do."""

    provider: str
    found: str
    remedy: str
