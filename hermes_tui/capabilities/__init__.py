"""What Hermes can do: each vendor library behind one file."""
