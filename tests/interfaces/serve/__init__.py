"""Tests of the workstation in a browser."""
