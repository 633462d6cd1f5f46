"""What everything on screen is drawn with: cells, Markdown, code, diffs, signs, words, one view of many rows."""
