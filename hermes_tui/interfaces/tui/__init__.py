"""The workstation: a Textual app that shows what the kernel does and takes what the operator says."""
