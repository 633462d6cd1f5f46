"""Tests of the fakes; the official SDKs are the judges."""
