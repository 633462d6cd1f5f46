"""Embedding on this machine: the MiniLM of an installed package, run by onnxruntime (extra `embed`)."""
