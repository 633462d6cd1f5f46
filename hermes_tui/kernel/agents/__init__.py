"""Subagents: what one is sent out with, how it runs on a loop of its own, and how it comes home."""
