"""The version, a constant: reading package metadata would cost 80 ms at every start."""

VERSION = "0.1.0"
__version__ = VERSION
