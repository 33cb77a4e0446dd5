"""Train the small classifiers of ``benchmark/extractors`` and record how well they do on held-out examples.

    python scripts/train_extractors.py --data-root data

MNIST and Fashion-MNIST are read from the data root in torchvision's layout, CIFAR-10 from cifar10-jpeg.tar.xz there;
scikit-learn's digits come with the library. Seeds are fixed and one thread is used, so that the same software gives
the same weights.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from benchmark.parts.extractors.classifier import FOLDER, network, scaled

SEED = 0
BATCH_IMAGES = 128
LEARNING_RATE = 2e-3
HELD_OUT_DIGITS = 360


@dataclass(frozen=True)
class Labelled:
    """uint8 images (n, channels, side, side) and class numbers, to train on and held out."""

    images: Tensor
    classes: Tensor
    held_out_images: Tensor
    held_out_classes: Tensor
    source: str
    epochs: int
    augmented: bool = False


def digits() -> Labelled:
    """scikit-learn's digits, every class in the same proportion in both parts."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    scans = load_digits()
    levels = np.rint(scans.images * (255 / 16)).astype(np.uint8)
    parts = train_test_split(
        levels[:, None], scans.target, test_size=HELD_OUT_DIGITS, random_state=SEED, stratify=scans.target
    )
    images, held_out, classes, held_out_classes = (torch.from_numpy(part) for part in parts)
    source = f"scikit-learn digits: {len(images)} of {len(levels)} scans, the other {len(held_out)} held out"
    return Labelled(images, classes, held_out, held_out_classes, source, epochs=40)


def from_torchvision(name: str, root: Path) -> Labelled:
    """The training and test split of MNIST or FashionMNIST."""
    from torchvision import datasets

    train, test = (getattr(datasets, name)(str(root), train=part) for part in (True, False))
    source = f"{name}: {len(train.data)} training images, the {len(test.data)} test images held out"
    return Labelled(train.data[:, None], train.targets, test.data[:, None], test.targets, source, epochs=3)


def from_archive(file: Path) -> Labelled:
    """CIFAR-10 as JPEG files ``train|test/<class>/<name>.jpg`` in a tar archive; classes in alphabetical order."""
    images: dict[str, list[Tensor]] = {"train": [], "test": []}
    labels: dict[str, list[str]] = {"train": [], "test": []}
    with tarfile.open(file) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                split, label = Path(member.name).parts[-3:-1]
                images[split].append(torch.from_numpy(np.array(Image.open(content).convert("RGB"))))
                labels[split].append(label)
    numbers = {label: number for number, label in enumerate(sorted(set(labels["train"])))}
    train, test = (torch.stack(images[split]).permute(0, 3, 1, 2).contiguous() for split in ("train", "test"))
    classes, test_classes = (torch.tensor([numbers[label] for label in labels[split]]) for split in ("train", "test"))
    source = f"CIFAR-10 as JPEG: {len(train)} training images, the {len(test)} test images held out"
    return Labelled(train, classes, test, test_classes, source, epochs=12, augmented=True)


def moved(images: Tensor, draw: torch.Generator) -> Tensor:
    """Each image mirrored or not, and moved by up to 4 pixels either way, its edges reflected."""
    side, reach = images.shape[-1], 4
    padded = pad(images.float(), (reach,) * 4, mode="reflect")
    mirrored = torch.rand(len(images), generator=draw) < 0.5
    padded[mirrored] = padded[mirrored].flip(-1)
    down, right = torch.randint(0, 2 * reach + 1, (2, len(images)), generator=draw).tolist()
    return torch.stack([one[:, y : y + side, x : x + side] for one, y, x in zip(padded, down, right, strict=True)])


def fit(data: Labelled) -> nn.Sequential:
    """Train from a fixed seed with Adam, the learning rate falling linearly to zero."""
    torch.manual_seed(SEED)
    classifier = network(*data.images.shape[1:3])
    optimizer = torch.optim.Adam(classifier.parameters(), lr=LEARNING_RATE)
    steps = data.epochs * (len(data.images) // BATCH_IMAGES)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    for epoch in range(data.epochs):
        draw = torch.Generator().manual_seed(SEED + epoch)
        order = torch.randperm(len(data.images), generator=draw)
        for chosen in order.split(BATCH_IMAGES)[: len(order) // BATCH_IMAGES]:
            images = moved(data.images[chosen], draw) if data.augmented else data.images[chosen]
            loss = cross_entropy(classifier(scaled(images)), data.classes[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"  epoch {epoch + 1} of {data.epochs}: last loss {loss.item():.4f}", flush=True)
    return classifier.eval()


def accuracy(classifier: nn.Sequential, images: Tensor, classes: Tensor) -> float:
    """Share of images whose largest logit is that of their class."""
    with torch.inference_mode():
        right = sum(
            int((classifier(scaled(part)).argmax(1) == labels).sum())
            for part, labels in zip(images.split(1000), classes.split(1000), strict=True)
        )
    return right / len(images)


def publish(name: str, data: Labelled, classifier: nn.Sequential, folder: Path) -> None:
    """Write the weights, and their facts into ``extractors.json`` and ``README.md``."""
    measured = accuracy(classifier, data.held_out_images, data.held_out_classes)
    channels, side = data.images.shape[1:3]
    about = {
        "held_out_accuracy": round(measured, 4),
        "seed": SEED,
        "channels": channels,
        "side": side,
        "source": data.source,
    }
    # one key: safetensors writes several in an order that changes from call to call, and the file is hashed
    weights = save(classifier.state_dict(), metadata={"about": json.dumps(about, sort_keys=True)})
    (folder / f"{name}.safetensors").write_bytes(weights)
    index = folder / "extractors.json"
    facts = json.loads(index.read_text()) if index.is_file() else {}
    facts[name] = {
        "channels": channels,
        "side": side,
        "held_out_accuracy": round(measured, 4),
        "epochs": data.epochs,
        "source": data.source,
        "seed": SEED,
        "parameters": sum(parameter.numel() for parameter in classifier.parameters()),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "trained_with": f"torch {torch.__version__}, {platform.machine()}, one thread",
    }
    index.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")
    (folder / "README.md").write_text(readme(facts))
    print(f"{name}: {measured:.4f} on held-out examples, {len(weights)} bytes")


def readme(facts: dict[str, dict[str, object]]) -> str:
    """The table of shipped classifiers."""
    lines = [
        "# Shipped classifiers",
        "",
        "Features for proxy scores, where Inception's weights are absent or mean little (digits, clothes). A proxy",
        "score is never compared with a published one. Written by `scripts/train_extractors.py`.",
        "",
        "| classifier | trained on | epochs | parameters | accuracy on held-out |",
        "|---|---|---|---|---|",
    ]
    for name, fact in sorted(facts.items()):
        lines.append(
            f"| `{name}` | {fact['source']} | {fact['epochs']} | {fact['parameters']:,} "
            f"| {100 * float(str(fact['held_out_accuracy'])):.2f} % |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train the classifiers asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, required=True, help="folder with MNIST/raw and FashionMNIST/raw")
    parser.add_argument("--output", type=Path, default=FOLDER, help="where the weights go")
    parser.add_argument(
        "names", nargs="*", help="digits_8x8, mnist_28x28, fashion_mnist_28x28, cifar10_32x32; all by default"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    sources = {
        "digits_8x8": digits,
        "mnist_28x28": lambda: from_torchvision("MNIST", arguments.data_root),
        "fashion_mnist_28x28": lambda: from_torchvision("FashionMNIST", arguments.data_root),
        "cifar10_32x32": lambda: from_archive(arguments.data_root / "cifar10-jpeg.tar.xz"),
    }
    unknown = set(arguments.names) - set(sources)
    if unknown:
        parser.error(f"unknown classifier {', '.join(sorted(unknown))}; known: {', '.join(sources)}")
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, source in sources.items():
        if not arguments.names or name in arguments.names:
            data = source()
            publish(name, data, fit(data), arguments.output)


if __name__ == "__main__":
    main()
