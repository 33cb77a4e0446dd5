"""Torch modules that the layers build where torch has none of its own; imported only when a layer is built."""
