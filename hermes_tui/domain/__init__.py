"""What the program talks about: values, events, ports and the fold; no input or output."""
