"""The agent loop over ports: sessions, runs, turns, dispatch, scheduling and budget."""
