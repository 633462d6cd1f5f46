"""How well and how fast memory is found again, measured beside plain full-text search (`make bench-memory`)."""
