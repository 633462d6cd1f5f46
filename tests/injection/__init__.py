"""Injected instructions, obeyed to the letter by a scripted victim: what may come of them."""
