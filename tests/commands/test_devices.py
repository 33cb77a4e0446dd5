"""Which device is taken: the one that torch would take, found without torch where no driver is there."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark.commands import devices
from benchmark.commands.devices import may_have_gpu, resolve_device


def test_auto_is_what_torch_says() -> None:
    assert resolve_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


def test_where_torch_finds_a_gpu_there_is_a_sign_of_it() -> None:
    assert may_have_gpu() or not torch.cuda.is_available()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Linux without any driver, on which torch would say that there is a GPU."""

    def missing(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(devices.sys, "platform", "linux")
    monkeypatch.setattr(devices, "_DRIVERS", ("/nowhere/nvidiactl",))
    monkeypatch.setattr(ctypes, "CDLL", missing)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    return monkeypatch


def test_without_a_driver_torch_is_not_asked(bare: pytest.MonkeyPatch) -> None:
    assert resolve_device("auto") == "cpu"


@pytest.mark.parametrize("sign", ["library", "file", "platform"])
def test_any_sign_of_a_driver_is_enough_to_ask_torch(sign: str, bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if sign == "library":
        bare.setattr(ctypes, "CDLL", lambda name: {"libcuda.so.1": object()}[name])
    elif sign == "file":
        (tmp_path / "kfd").touch()
        bare.setattr(devices, "_DRIVERS", ("/nowhere/nvidiactl", str(tmp_path / "kfd")))
    else:
        bare.setattr(devices.sys, "platform", "win32")
    assert resolve_device("auto") == "cuda"


def test_a_gpu_that_is_asked_for_is_asked_of_torch(bare: pytest.MonkeyPatch) -> None:
    assert resolve_device("cuda") == "cuda"
