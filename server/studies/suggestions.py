"""What somebody meant who wrote a name that is none here, often one that other tools use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from rscore.spec import SPEC_FIELDS, nearest_name

_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "alpha": "amplitude_weight_decay",
        "arch": "network",
        "architecture": "network",
        "backbone": "network",
        "beta": "decay",
        "bs": "batch_size",
        "channels": "width",
        "data": "dataset",
        "eta": "lr",
        "gradient_clip": "clip_norm",
        "hidden_size": "width",
        "learning_rate": "lr",
        "leak": "decay",
        "max_epochs": "epochs",
        "max_grad_norm": "clip_norm",
        "model": "network",
        "n_epochs": "epochs",
        "num_epochs": "epochs",
        "num_steps": "num_timesteps",
        "optim": "optimizer",
        "random_seed": "seed",
        "scheduler": "schedule",
        "t": "num_timesteps",
        "tau": "decay",
        "thresh": "v_threshold",
        "threshold": "v_threshold",
        "time_steps": "num_timesteps",
        "timesteps": "num_timesteps",
        "v_th": "v_threshold",
        "vth": "v_threshold",
        "wd": "weight_decay",
    }
)
_METRICS: Mapping[str, str] = MappingProxyType(
    {
        "acc": "test_acc",
        "accuracy": "test_acc",
        "error": "test_loss",
        "eval_acc": "test_acc",
        "eval_loss": "test_loss",
        "loss": "test_loss",
        "test_accuracy": "test_acc",
        "train_accuracy": "train_acc",
        "training_loss": "train_loss",
        "val_acc": "test_acc",
        "val_accuracy": "test_acc",
        "val_loss": "test_loss",
        "validation_accuracy": "test_acc",
        "validation_loss": "test_loss",
        "energy": "energy_estimate_pj",
        "sops": "synops",
    }
)


def field_hint(name: str) -> str:
    """What to do about a name that is no field of a run."""
    meant = _FIELDS.get(_bare(name)) or nearest_name(name, SPEC_FIELDS)
    return f"did you mean {meant!r}?" if meant else f"valid: {', '.join(SPEC_FIELDS)}"


def metric_hint(name: str, known: Collection[str]) -> str:
    """What to do about a name that no metric has."""
    meant = _METRICS.get(_bare(name)) or nearest_name(name, sorted(known))
    return f"did you mean {meant!r}?" if meant else f"there are: {', '.join(sorted(known))}"


def _bare(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_").replace("/", "_")
