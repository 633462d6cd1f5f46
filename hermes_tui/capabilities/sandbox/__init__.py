"""Where tool processes run."""
