"""Hermes: a terminal-first operator workstation for autonomous agents."""
