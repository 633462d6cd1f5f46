"""Policy, risk and redaction."""
