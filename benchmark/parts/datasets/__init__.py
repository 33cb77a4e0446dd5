"""Sources of real examples, one per file."""
