"""Use cases over the floors below."""
