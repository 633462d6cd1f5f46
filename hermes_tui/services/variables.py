"""The variables of the process environment that set something, and the key of the config that each stands for."""

from __future__ import annotations

from typing import Final

ENVIRONMENT: Final[dict[str, tuple[str, ...]]] = {
    "HERMES_TUI_MODEL": ("brains", "cortex", "model"),
    "HERMES_TUI_MODE": ("policy", "mode"),
    "HERMES_TUI_BUDGET_USD": ("budgets", "run", "usd"),
    "HERMES_TUI_BUDGET_TOKENS": ("budgets", "run", "tokens"),
    "HERMES_TUI_DAY_USD": ("budgets", "day", "usd"),
    "HERMES_TUI_SANDBOX": ("sandbox", "level"),
    "HERMES_TUI_THEME": ("ui", "theme"),
    "OPENAI_BASE_URL": ("providers", "openai", "base_url"),
    "ANTHROPIC_BASE_URL": ("providers", "anthropic", "base_url"),
    "OPENROUTER_BASE_URL": ("providers", "openrouter", "base_url"),
    "LMSTUDIO_BASE_URL": ("providers", "lmstudio", "base_url"),
    "OLLAMA_HOST": ("providers", "ollama", "base_url"),
}
"""What is read from the process environment, here and nowhere else."""
