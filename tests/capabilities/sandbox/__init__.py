"""The sandbox as a contract, and attacks on it."""
