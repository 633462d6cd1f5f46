"""Attacks on the sandbox: programs that reach their aim in a bare shell and must fail inside."""
