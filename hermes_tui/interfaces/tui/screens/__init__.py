"""Full displays: the workspace, the first launch, the brains, the keys."""
