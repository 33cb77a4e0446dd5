"""A weights file in Inception's real format with random numbers in it."""

from __future__ import annotations

import functools
import io

import torch
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3


class _Untrained(FeatureExtractorInceptionV3):
    def load_state_dict(self, *_ignored: object, **_also: object) -> None:
        """Keep the starting values."""


@functools.lru_cache
def random_weights() -> bytes:
    """The file's bytes; convolutions are scaled so that signals neither vanish nor grow through the layers."""
    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = _Untrained("untrained", ["2048"], feature_extractor_weights_path=empty)
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.running_var, 0.5, 2)
                nn.init.normal_(module.running_mean, 0, 0.2)
                nn.init.normal_(module.bias, 0, 0.2)
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return file.getvalue()
