"""Memory: the vault of notes, its history in git, and the index that finds notes and episodes again."""
