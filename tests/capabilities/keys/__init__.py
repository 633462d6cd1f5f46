"""Tests of where keys are kept."""
