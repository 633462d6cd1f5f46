"""Tests of the kernel over fakes of its ports."""
