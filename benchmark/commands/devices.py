"""Which device a command line names."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from benchmark.commands.options import UsageError
from benchmark.spec.numerics import ROUGHER

#: files of drivers of GPUs: of NVIDIA's, in WSL, on Jetson; of AMD's
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/nvmap", "/dev/kfd")


def resolve_device(wanted: str) -> str:
    """``auto`` is cuda where there is one; asking for a GPU that is not there is an error."""
    if wanted == "cpu" or (wanted == "auto" and not may_have_gpu()):
        return "cpu"  # without torch, which takes seconds to import and only the workers need

    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(wanted).type
    except RuntimeError as error:
        raise UsageError(f"--device {wanted}: {str(error).splitlines()[0]}") from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise UsageError(f"--device {wanted}: no CUDA device is available here")
    if kind not in ("cpu", "cuda"):
        raise UsageError(f"--device {wanted}: only cpu and cuda are supported")
    return wanted


def may_have_gpu() -> bool:
    """Whether there is a sign of a GPU's driver. Without any no GPU can be used; with one torch has to be asked."""
    if sys.platform != "linux" or any(Path(driver).exists() for driver in _DRIVERS):
        return True
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def check_numerics(numerics: str, device: str) -> None:
    """Refuse a tier that the device does not have; a processor computes bf16 in any case, if slowly.

    A GPU that only other machines have is not looked at.
    """
    if device == "cpu":
        if numerics == "tf32":
            raise UsageError("--numerics tf32: only a GPU has TF32, here it would be fp32; valid: exact, fp32, bf16")
        return
    if numerics in ROUGHER:
        import torch

        if torch.cuda.is_available() and torch.cuda.get_device_capability(device) < (8, 0):
            raise UsageError(f"--numerics {numerics}: needs a GPU of compute capability 8.0; valid: exact, fp32")


def visible_gpus(device: str) -> list[str]:
    """The GPUs to spread runs over, as CUDA_VISIBLE_DEVICES names them; none where there is no choice."""
    if device != "cuda":
        return []
    import torch

    named = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    count = torch.cuda.device_count()
    if count < 2:
        return []
    return named[:count] if named else [str(number) for number in range(count)]
