"""Inception v3 of 2015-12-05 in torch-fidelity's port: the network behind FID and the Inception score.

The weights are never fetched from here. They are read once, hashed, and only then unpickled, restricted to tensors.

The pinned SHA-256 is the one that many independent public repositories give for torch-fidelity's release file, and its
first digits are those in the file's name; it was found by searching their texts, the file itself was not at hand.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import io
import os
import pickle
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmark.batches import batches
from benchmark.spec.levels import on_host
from benchmark.spec.parts import MetricError

if TYPE_CHECKING:
    from torch import Tensor, nn

FILE = "weights-inception-2015-12-05-6726825d.pth"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
BYTES = 95_628_359
COMMAND = "ganrepro data fetch inception"

#: ``tensorflow_bilinear``: TensorFlow 1's bilinear rule, as in TTUR and torch-fidelity;
#: ``bilinear``: half-pixel centres without antialiasing, levels scaled to -1..1, as in pytorch-fid;
#: ``antialiased_bicubic``: Pillow's bicubic filter on each channel in floats, clipped to 0..255, as in clean-fid
Resize = Literal["tensorflow_bilinear", "bilinear", "antialiased_bicubic"]

DIMENSIONS = 2048
#: products and sums of one image
OPERATIONS = 11.4e9
#: bytes that a batch of images takes on its way through, on a processor
BATCH_BYTES = 0.7e9
_SIDE = 299
#: feature arrays kept, so that several metrics on the same images extract once: generated and real ones
_KEPT = 2
#: SHA-256 by file, time of change and size
_digests: dict[tuple[Path, int, int], str] = {}


def weights_file(root: Path) -> Path:
    """Where the weights lie: in the folder GANREPRO_WEIGHTS if that is set, else in ``weights`` below the data root."""
    folder = os.environ.get("GANREPRO_WEIGHTS")
    return (Path(folder) if folder else root / "weights") / FILE


def unavailable(root: Path) -> str | None:
    """Why Inception cannot be used, or None; reads and hashes the file once per change of it."""
    file = weights_file(root)
    if not file.is_file():
        return f"{file} is missing (SHA-256 {SHA256}); to get it: {COMMAND}"
    try:
        _verified(file)
    except MetricError as error:
        return str(error)
    return None


def load(root: Path, device: str, resize: Resize) -> Inception:
    """Load Inception to ``device``; weights that are missing or not the pinned ones are a :class:`MetricError`."""
    reason = unavailable(root)
    if reason is not None:
        raise MetricError(reason)
    file = weights_file(root)
    return _loaded(file, _verified(file), device, resize)


def check(digest: str, file: Path) -> None:
    """Raise :class:`MetricError` unless ``digest`` is the pinned SHA-256."""
    if digest != SHA256:
        raise MetricError(f"{file}: SHA-256 is {digest}, expected {SHA256}; to replace it: {COMMAND}")


def _verified(file: Path) -> str:
    state = file.stat()
    version = (file, state.st_mtime_ns, state.st_size)
    if version not in _digests:
        with file.open("rb") as stream:
            _digests[version] = hashlib.file_digest(stream, "sha256").hexdigest()
    check(_digests[version], file)
    return _digests[version]


@functools.lru_cache(maxsize=2)
def _loaded(file: Path, digest: str, device: str, resize: Resize) -> Inception:
    weights = file.read_bytes()
    hashed = hashlib.sha256(weights).hexdigest()
    if hashed != digest:
        raise MetricError(f"{file} changed while it was read: SHA-256 {hashed}, then {digest}")
    return Inception(weights, _devices(device), resize, source=file)


def _devices(device: str) -> list[str]:
    """Every GPU where no single one is named."""
    import torch

    spread = device == "cuda" and torch.cuda.device_count() > 1
    return [f"cuda:{number}" for number in range(torch.cuda.device_count())] if spread else [device]


class Inception:
    """Pool features (2048) and the logits without bias that the Inception score is defined on.

    Batch normalisation is folded into the convolutions and memory is laid out channels last: the features differ from
    torch-fidelity's own pass by rounding alone, and come faster. Several ``devices`` take batches by turns.
    """

    dimensions = DIMENSIONS

    def __init__(self, weights: bytes, devices: Sequence[str], resize: Resize, *, source: Path) -> None:
        import torch
        from torch import nn

        self.name = "inception_2015_12_05"
        self.weights_sha256 = hashlib.sha256(weights).hexdigest()
        check(self.weights_sha256, source)
        network = _network(weights, source)
        self._large = devices[0].startswith("cuda")
        self._resize = resize
        layers = [layer for name, layer in network.named_children() if name != "fc"]
        trunk = nn.Sequential(*(_folded(layer) for layer in layers), nn.Flatten())
        trunk = trunk.to(memory_format=torch.channels_last)
        self._trunks = [(device, copy.deepcopy(trunk).to(device)) for device in devices]
        self._head = network.fc.weight.detach().double().numpy()  # type: ignore[union-attr, operator]
        self._recent: OrderedDict[str, np.ndarray] = OrderedDict()

    def features(self, images: np.ndarray) -> np.ndarray:
        if images.shape[1] not in (1, 3):
            raise MetricError(f"Inception takes grey or colour images, these have {images.shape[1]} channels")
        key = hashlib.sha256(f"{images.shape}".encode() + np.ascontiguousarray(images).data).hexdigest()
        if key not in self._recent:
            self._recent[key] = self.extract(images, batch_size=128 if self._large else 32)
            while len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
        self._recent.move_to_end(key)
        return self._recent[key]

    def extract(self, images: np.ndarray, *, batch_size: int) -> np.ndarray:
        """Features computed afresh, ``batch_size`` at a time; grey images count as three equal channels."""
        import torch

        parts = []
        # TF32 would change features by a thousandth; deterministic kernels make two passes agree
        exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            for start in batches(len(images), batch_size * len(self._trunks), "Inception features"):
                ahead = range(start, min(start + batch_size * len(self._trunks), len(images)), batch_size)
                running = []
                for first, (device, trunk) in zip(ahead, self._trunks, strict=False):
                    batch = on_host(np.ascontiguousarray(images[first : first + batch_size]))
                    running.append(trunk(self._prepared(batch.to(device))))  # on a GPU this does not wait
                parts += [features.cpu() for features in running]
        return np.asarray(torch.cat(parts).numpy())

    def logits(self, features: np.ndarray) -> np.ndarray:
        logits: np.ndarray = features.astype("float64") @ self._head.T
        return logits

    def _prepared(self, images: Tensor) -> Tensor:
        """(n, 3, 299, 299) from uint8 images of one or three channels; [-1, 1) but for pytorch-fid's [-1, 1]."""
        import torch
        from torch.nn.functional import interpolate
        from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

        size = (_SIDE, _SIDE)
        if self._resize == "tensorflow_bilinear":
            resized = interpolate_bilinear_2d_like_tensorflow1x(images.float(), size=size, align_corners=False)
        elif self._resize == "bilinear":
            resized = interpolate(images.float(), size=size, mode="bilinear", align_corners=False)
        else:
            resized = _antialiased(images.cpu().numpy()).to(images.device)
        scaled: Tensor = resized / 127.5 - 1 if self._resize == "bilinear" else (resized - 128) / 128
        return scaled.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def _antialiased(images: np.ndarray) -> Tensor:
    """(n, channels, 299, 299) floats from uint8 images."""
    import torch
    from PIL import Image

    resized = np.empty((*images.shape[:2], _SIDE, _SIDE), np.float32)
    for place in np.ndindex(images.shape[:2]):
        channel = Image.fromarray(images[place].astype(np.float32))
        resized[place] = channel.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    return torch.from_numpy(resized.clip(0, 255))


def _network(weights: bytes, source: Path) -> nn.Module:
    """torch-fidelity's module with these weights.

    Its constructor unpickles without restriction, so it is handed a buffer written here from tensors alone. Building it
    draws random numbers; the caller's random state is put back.
    """
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    try:
        state = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise MetricError(f"{source}: not a file of weights ({str(error).splitlines()[0]})") from error
    safe = io.BytesIO()
    torch.save(state, safe)
    safe.seek(0)
    with torch.random.fork_rng(devices=[]):
        try:
            network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=safe)
        except RuntimeError as error:
            raise MetricError(f"{source}: not Inception's weights ({str(error).splitlines()[0]})") from error
    return network  # type: ignore[no-any-return]


def _folded(layer: nn.Module) -> nn.Module:
    """``layer`` with every pair of convolution and batch normalisation in it replaced by one convolution."""
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for block in layer.modules():
        if isinstance(getattr(block, "bn", None), nn.BatchNorm2d):
            block.conv = fuse_conv_bn_eval(block.conv, block.bn)  # type: ignore[arg-type, type-var]
            block.bn = nn.Identity()
    return layer
