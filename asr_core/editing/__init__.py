"""A transcript that a person works on: corrections, undo, quotes."""
