"""Names of the numerics tiers, for who must not wait for the models of ``spec.base``; see ``training.numerics``."""

from __future__ import annotations

#: how training computes
NUMERICS = ("exact", "fp32", "tf32", "bf16")
#: those that round more than 32-bit floats do
ROUGHER = ("tf32", "bf16")
