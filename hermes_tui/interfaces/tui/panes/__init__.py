"""Views of the session's state; one file per pane."""
