"""Memory: what is written is found again, with its reasons, whatever happened in between."""
