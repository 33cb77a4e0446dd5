"""From run records to verdicts: pure functions, without torch."""
