"""Regularisers that are added to a player's loss in the same backward pass, one per file."""
