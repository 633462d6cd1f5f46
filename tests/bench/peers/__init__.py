"""Programs of others that figures are compared with, and how each one is found and driven."""
