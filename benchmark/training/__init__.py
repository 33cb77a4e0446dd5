"""The one training loop and what it stands on: random streams, network assembly, checkpoints."""
