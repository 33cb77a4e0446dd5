"""What a numerics tier means: switches of PyTorch that change the bits or the speed of a run.

``exact`` is deterministic, ``fp32`` uses fused kernels, ``tf32`` lets a GPU round the inputs of products to 10 bits of
mantissa, ``bf16`` computes the networks under autocast. Weights, optimisers, losses, penalties and power iteration are
32-bit floats in all of them, and so is everything that is measured.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

#: the first iterations of a session carry allocation and tuning
WARMUP_ITERATIONS = 20

#: M_TRIM_THRESHOLD and M_MMAP_THRESHOLD at the largest values that they take
_MALLOPT = {-1: 2**31 - 1, -3: 2**25}


def prepare(numerics: str, threads: int | None) -> None:
    """Set what a numerics tier means for this process; TF32 is off but for :func:`training_in`."""
    if threads is not None:
        torch.set_num_threads(threads)
    _allow_tf32(False)
    torch.backends.cudnn.benchmark = numerics != "exact"
    # use_deterministic_algorithms imports the compiler, which takes nearly as long as torch itself
    torch.set_deterministic_debug_mode("error" if numerics == "exact" else "default")
    keep_memory()
    _spare_the_compiler()


@contextmanager
def training_in(numerics: str) -> Iterator[None]:
    """Let products round as the tier does while networks train; what is measured in between does not."""
    _allow_tf32(numerics == "tf32")
    try:
        yield
    finally:
        _allow_tf32(False)


def keep_memory() -> None:
    """Have glibc hold on to freed memory: pages that are given back are mapped and cleared again."""
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
        for parameter, value in _MALLOPT.items():
            ctypes.CDLL(None).mallopt(parameter, value)


def _spare_the_compiler() -> None:
    """Have optimizers not import torch's compiler just to switch it off: that takes nearly as long as torch itself."""
    for name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict"):
        inner = getattr(getattr(torch.optim.Optimizer, name), "__wrapped__", None)
        if inner is not None:
            setattr(inner, "__dynamo_disable", inner)


def _allow_tf32(allowed: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed
