"""Layers that a network may be made of, one per file."""
