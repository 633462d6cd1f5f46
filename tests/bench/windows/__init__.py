"""The workstation and its peers, each in a pseudo-terminal of its own."""
