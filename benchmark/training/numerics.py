"""What a numerics tier means for a process: switches of PyTorch that change the bits or the speed of a run."""

from __future__ import annotations

import torch

#: the first iterations of a session carry allocation and tuning
WARMUP_ITERATIONS = 20


def prepare(numerics: str, threads: int | None) -> None:
    """Set what a numerics tier means for this process: ``exact`` deterministic, ``fp32`` fused; TF32 off in both."""
    if threads is not None:
        torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = numerics != "exact"
    torch.use_deterministic_algorithms(numerics == "exact")
