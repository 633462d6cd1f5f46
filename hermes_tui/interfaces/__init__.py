"""Ways in: they send commands and fold events."""
