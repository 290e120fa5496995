"""A network of one's own: trained, folded, proved and exported. docs/guide/own_network.md."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rscore import data
from rscore.amplitude import Amplitude
from rscore.finish import Finished, finish_network
from rscore.folding.certificate import Subject
from rscore.networks.layers import RepeatTime, TimeMean
from rscore.neurons import LIF
from rscore.spec import RunSpec

T = 3


def real_spikes(channels: int, size: int) -> nn.Sequential:
    """Neurons whose spikes have a learned amplitude, one for every element of the map."""
    return nn.Sequential(
        LIF(num_timesteps=T, decay=0.5, v_threshold=0.5),
        Amplitude("element", (channels, size, size)),
    )


class Separable(nn.Module):
    """A depthwise and a pointwise convolution whose spikes are added to the spikes of the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, channels, 3, padding=1)
        self.norm0 = nn.BatchNorm2d(channels)
        self.repeat = RepeatTime(T)
        self.spikes0 = real_spikes(channels, 8)
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.spikes1 = real_spikes(channels, 8)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.spikes2 = real_spikes(channels, 8)
        self.classify = nn.Linear(channels * 4 * 4, 10)
        self.mean = TimeMean(T)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [N, 10] of images [N, 1, 8, 8] in [0, 1]."""
        current = self.norm0(self.first((images - 0.3) / 0.4))
        x = self.spikes0(self.repeat(current))  # [T*N, C, 8, 8] from here on
        y = self.spikes1(self.norm1(self.depthwise(x)))
        y = self.spikes2(self.norm2(self.pointwise(y)))
        pooled = F.avg_pool2d(x + y, 2)
        return self.mean(self.classify(pooled.view(pooled.size(0), -1)))


def train(network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int = 6) -> None:
    """Any training loop will do; this is the shortest one."""
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(64):
            loss = F.cross_entropy(network(inputs[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def main(outdir: Path) -> tuple[nn.Module, Finished]:
    """Everything, on scikit-learn's digits; the trained network and its folded model."""
    torch.manual_seed(0)
    digits = data.load(RunSpec(dataset="digits"), Path())
    network = Separable(channels=12)
    train(network, *digits.train.head(len(digits.train)))
    network.eval()
    inputs, labels = digits.test.head(len(digits.test))
    subject = Subject(
        name="separable",
        data="the first test samples of scikit-learn's digits",
        classes=tuple(str(number) for number in range(10)),
    )
    return network, finish_network(network, inputs, labels, outdir, subject=subject)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "own_network")
    _, finished = main(folder)
    for kind, path in finished.files.items():
        sys.stdout.write(f"{kind:12} {path}\n")
    sys.stdout.write(f"verdict: {finished.verdict}\n")
