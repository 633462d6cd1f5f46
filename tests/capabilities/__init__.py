"""Tests of the capabilities."""
