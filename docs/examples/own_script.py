"""A baseline of your own beside the service's runs: softmax regression on scikit-learn's digits.

    python docs/examples/own_script.py --seeds 5 --study STUDY

Each seed is a run; in the table of the study they make one cell, which is compared with the
others seed by seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import realspike


def main() -> None:
    """Train one run a seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--lr", type=float, default=0.5)
    parser.add_argument("--study", help="id or name of the study to stand beside")
    options = parser.parse_args()
    for seed in range(options.seeds):
        train(seed, epochs=options.epochs, lr=options.lr, study=options.study)


def train(seed: int, *, epochs: int, lr: float, study: str | None) -> None:
    """One run: what is logged is safe on the disk when `log` returns, server or not."""
    config = {"model": "softmax", "seed": seed, "epochs": epochs, "optimizer": {"lr": lr}}
    with realspike.init(
        experiment="baselines",
        name="softmax regression",  # the same for every seed
        config=config,
        tags=["baseline"],
        study=study,
    ) as run:
        images, labels = load_digits(return_X_y=True)
        order = np.random.default_rng(seed).permutation(len(labels))
        images, labels = images[order] / 16.0, labels[order]
        (train_x, test_x), (train_y, test_y) = np.split(images, [1400]), np.split(labels, [1400])
        weights = np.zeros((images.shape[1], 10))
        wanted = np.eye(10)[train_y]
        for epoch in range(1, epochs + 1):
            scores = train_x @ weights
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            loss = -np.log(shares[np.arange(len(train_y)), train_y]).mean()
            weights += lr * train_x.T @ (wanted - shares) / len(train_y)
            accuracy = ((test_x @ weights).argmax(axis=1) == test_y).mean()
            run.log({"train_loss": loss, "test_acc": accuracy}, step=epoch, epoch=epoch)
            print(f"seed {seed} epoch {epoch} accuracy {accuracy:.3f}", flush=True)
            if run.cancelled:  # somebody pressed Cancel on the page
                break
        np.save("weights.npy", weights)
        run.log_artifact("weights.npy")
        Path("weights.npy").unlink()  # the run has it


if __name__ == "__main__":
    main()
