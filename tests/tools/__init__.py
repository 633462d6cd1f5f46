"""Programs that make documents out of the code."""
