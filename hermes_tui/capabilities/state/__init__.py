"""Durable state: journal, ledger, checkpoints, blobs."""
