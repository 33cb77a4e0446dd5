"""Laws that fill parameters before training, one per file."""
