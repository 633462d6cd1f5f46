"""What Hermes costs, beside baselines measured in the same run: `python -m tests.bench`."""
