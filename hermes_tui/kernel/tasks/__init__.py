"""The life of a task: which can start, its attempts, its recovery, and every way in which the plan changes."""
