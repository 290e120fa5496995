"""Networks that nobody wrote: each folds spike for spike, or is refused with layer and reason."""

import torch
from hypothesis import HealthCheck, given, settings
from torch import Tensor, nn

from rscore.errors import FoldError
from rscore.folding import FoldedNet, fold
from rscore.folding.proof import prove
from tests.rscore.folding.topologies import networks

KNOWN_REFUSALS = (
    "put the amplitude behind the pool",
    "only average pools without padding",
    "cannot pass a pool behind an overlapping pool",
    "cannot pass back through an overlapping pool",
    "overlapping average pool only before a convolution",
    "no pool before a dilated convolution",
    "cannot follow an average pool",
    "no sum of scaled maxima",
    "cannot enter a product",
    "no neuron made binary",
    "multiplies a current",
    "scale spikes, but currents enter it",
)
MANY = settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def folded_or_refused(network: nn.Module, samples: Tensor) -> FoldedNet | FoldError:
    """The fold; or the refusal, which must be one of those that METHOD and rules know."""
    try:
        return fold(network, samples[:1])
    except FoldError as error:
        if not error.layer or not any(known in error.reason for known in KNOWN_REFUSALS):
            raise
        return error


def test_random_topologies_fold_spike_for_spike() -> None:
    outcomes: list[FoldedNet | FoldError] = []
    rates: list[float] = []

    @MANY
    @given(networks())
    def check(drawn: tuple[nn.Module, Tensor]) -> None:
        network, samples = drawn
        folded = folded_or_refused(network, samples)
        outcomes.append(folded)
        if isinstance(folded, FoldError):
            return
        fired = folded.trace(samples.double()).spikes.values()
        rates.extend(float(spikes.abs().mean()) for spikes in fired)
        assert prove(network, folded, samples).float64.exact
        written_out = folded.materialize(limit_bytes=2**30)
        images = samples.double()
        torch.testing.assert_close(written_out(images), folded(images), rtol=0, atol=1e-9)

    check()
    folds = [one for one in outcomes if isinstance(one, FoldedNet)]
    assert len(folds) > 0.6 * len(outcomes)
    assert 0.1 < sum(rates) / len(rates) < 0.9
    reached = {node.op for folded in folds for node in folded.nodes}
    assert reached >= {
        "conv2d",
        "factored_conv2d",
        "diagonal",
        "add",
        "and",
        "concatenate",
        "max_pool2d",
        "average_pool2d",
        "lif",
        "threshold_lif",
        "flatten_time",
        "repeat_time",
    }
