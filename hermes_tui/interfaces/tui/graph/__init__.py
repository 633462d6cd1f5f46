"""The task graph on screen: lanes, the picture, which rows there are and what each says."""
