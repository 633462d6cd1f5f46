"""A run is killed without warning, and goes on as if it had not been."""
