"""How a goal becomes a plan: one module per strategy, each of them a `Strategy`."""
