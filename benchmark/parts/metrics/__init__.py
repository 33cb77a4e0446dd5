"""Measurements on samples of a trained system, one per file."""
