"""What a training minimises, with every neighbour of the method: around one network, at work."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from rscore.errors import SpecError
from rscore.folding import fold
from rscore.folding.proof import prove
from rscore.networks import build_network
from rscore.networks.layers import TimeMean
from rscore.spec import RunSpec
from rscore.training import train
from rscore.training.compilation import require_compiler
from rscore.training.objective import Objective, make_objective
from tests.support.networks import enliven, sample_images
from tests.support.recorder import Recorder

SPEC = RunSpec(
    train_samples=100, test_samples=20, width=4, num_timesteps=2, epochs=1, batch_size=30
)
COMPONENTS: dict[str, dict[str, Any]] = {
    "im-loss": {"regularizer": "im-loss"},
    "rmp-loss": {"regularizer": "rmp-loss"},
    "ann-logit": {"distillation": "ann-logit"},
    "self": {"distillation": "self"},
    "shortcut-back": {"auxiliary_heads": "shortcut-back"},
    "mpbn": {"membrane_norm": "mpbn"},
    "ternary": {"spike": "ternary"},
    "all": {
        "regularizer": "rmp-loss",
        "distillation": "ann-logit",
        "auxiliary_heads": "shortcut-back",
        "membrane_norm": "mpbn",
        "learn_decay": True,
        "ema_decay": 0.9,
        "precision": "bf16",
    },
}
TERMS = [name for name in COMPONENTS if name not in ("mpbn", "ternary")]


def with_(component: str) -> RunSpec:
    return RunSpec.model_validate(SPEC.model_dump() | COMPONENTS[component])


def objective_of(spec: RunSpec) -> Objective:
    torch.manual_seed(0)
    return make_objective(spec, build_network(spec))


def batch(spec: RunSpec) -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return sample_images(spec, 6), torch.arange(6)


def test_alone_it_is_the_cross_entropy() -> None:
    spec = SPEC.model_copy(update={"label_smoothing": 0.2})
    objective = objective_of(spec)
    images, labels = batch(spec)
    loss, logits = objective(images, labels, progress=0.5)
    log_shares = torch.log_softmax(logits, -1)
    hard = -log_shares[torch.arange(6), labels].mean()
    assert loss.item() == pytest.approx((0.8 * hard - 0.2 * log_shares.mean()).item(), rel=1e-6)
    assert len(objective.terms) == 0
    assert all(name.startswith("network.") for name in objective.state_dict())


@pytest.mark.parametrize("component", TERMS)
def test_the_terms_are_added_to_the_cross_entropy(component: str) -> None:
    spec = with_(component)
    objective = objective_of(spec)
    images, labels = batch(spec)
    loss, logits = objective(images, labels, progress=0.25)
    values = []
    for term in objective.terms:
        with term.listener.listening():
            objective.network(images)
            values.append(term(images, labels, progress=0.25).item())
    plain = functional.cross_entropy(logits, labels).item()
    assert loss.item() == pytest.approx(plain + sum(values), rel=1e-5)
    assert all(value > 0 for value in values)


@pytest.mark.parametrize("component", TERMS)
def test_the_network_is_the_same_with_and_without(component: str) -> None:
    spec = with_(component)
    objective = objective_of(spec)
    plain = {"regularizer": "none", "distillation": "none", "auxiliary_heads": "none"}
    torch.manual_seed(0)
    expected = build_network(spec.model_copy(update=plain)).state_dict()
    found = objective.network.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    own = [name for name in objective.state_dict() if not name.startswith("network.")]
    assert bool(own) == (component in ("ann-logit", "shortcut-back", "all"))


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_parameter_has_a_gradient_and_nothing_stays_behind(component: str) -> None:
    spec = with_(component)
    objective = objective_of(spec)
    enliven(objective.network)
    images, labels = batch(spec)
    readout = next(m for m in objective.network.modules() if isinstance(m, TimeMean))
    passed: list[weakref.ref[Tensor]] = []
    hook = readout.register_forward_pre_hook(lambda _, x: passed.append(weakref.ref(x[0])))
    loss, logits = objective(images, labels, progress=0.999)
    hook.remove()
    loss.backward()
    for name, parameter in objective.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    del loss, logits
    gc.collect()
    assert [reference() for reference in passed] == [None]
    assert not any("forward" in vars(module) for module in objective.modules())


@pytest.mark.parametrize("fields", [{"dataset": "n-mnist"}, {"network": "sew-resnet18"}])
def test_all_at_once_on_recordings_and_deep_networks(fields: dict[str, str]) -> None:
    spec = RunSpec(dataset="cifar10", image_size=16, width=2, num_timesteps=3).model_copy(
        update=COMPONENTS["all"] | fields
    )
    objective = objective_of(spec)
    enliven(objective.network)
    images, labels = batch(spec)
    loss, logits = objective(images, labels, progress=0.5)
    loss.backward()
    assert logits.shape == (6, 10)
    missing = [name for name, p in objective.named_parameters() if p.grad is None]
    assert missing == []


@pytest.fixture(scope="module")
def plain_loss(tmp_path_factory: pytest.TempPathFactory) -> float:
    folder = tmp_path_factory.mktemp("plain")
    return train(SPEC, Recorder(), workdir=folder, data_dir=folder).metrics["train_loss"]


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_training_with_each_and_its_fold(
    component: str, plain_loss: float, tmp_path: Path
) -> None:
    spec = with_(component)
    result = train(spec, Recorder(), workdir=tmp_path, data_dir=tmp_path)
    assert result.steps == 4
    assert result.network.state_dict().keys() == build_network(spec).state_dict().keys()
    assert result.metrics["train_loss"] != plain_loss
    images = result.held_out[0][:4]
    assert prove(result.network, fold(result.network, images[:1]), images).float64.exact


@pytest.mark.filterwarnings("ignore")  # of torch's own parts, about each other
def test_compiled_it_learns_the_same(tmp_path: Path) -> None:
    try:
        require_compiler(torch.device("cpu"))
    except SpecError as error:
        pytest.skip(str(error))
    fields = {"precision": "fp32", "membrane_norm": "none", "train_samples": 40, "batch_size": 20}
    spec = with_("all").model_copy(update=fields | {"width": 2, "ema_decay": None})
    found = [
        train(
            spec.model_copy(update={"compile": compiled}),
            Recorder(),
            workdir=tmp_path / str(compiled),
            data_dir=tmp_path,
        )
        for compiled in (True, False)
    ]
    for name in ("train_loss", "test_loss"):
        assert found[0].metrics[name] == pytest.approx(found[1].metrics[name], rel=1e-3), name


def test_a_plain_objective_takes_any_network() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    loss, _ = make_objective(SPEC, network)(torch.rand(3, 1, 8, 8), torch.arange(3), progress=0.0)
    assert loss.isfinite()


def test_the_guide_names_every_component() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guide" / "neighbours.md").read_text()
    fields = ("regularizer", "distillation", "auxiliary_heads", "membrane_norm", "spike")
    for field in fields:
        for literal in get_args(RunSpec.model_fields[field].annotation):
            if literal not in ("none", "binary"):
                assert f"| `{field}: {literal}` |" in guide
