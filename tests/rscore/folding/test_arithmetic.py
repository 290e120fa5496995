import pytest
import torch
from torch.nn import functional as F

from rscore.folding.arithmetic import (
    fold_batchnorm,
    membrane_threshold,
    pooled_kernel,
    pooled_linear,
    scale_conv,
    unshared_kernel,
)


def rand(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def test_scale_conv_with_groups() -> None:
    torch.manual_seed(0)
    x, weight, scale = rand(2, 6, 7, 7), rand(4, 3, 3, 3), rand(6, 1, 1)
    folded = F.conv2d(x, scale_conv(weight, scale, 2), padding=1, groups=2)
    torch.testing.assert_close(folded, F.conv2d(x * scale, weight, padding=1, groups=2))


def test_single_scale() -> None:
    x, weight, scale = rand(2, 3, 5, 5), rand(4, 3, 3, 3), rand(1, 1, 1)
    torch.testing.assert_close(
        F.conv2d(x, scale_conv(weight, scale, 1)), F.conv2d(x * scale, weight)
    )


def test_fold_batchnorm_keeps_epsilon_and_bias() -> None:
    torch.manual_seed(0)
    bn = torch.nn.BatchNorm2d(4, eps=0.3).double().eval()
    bn.running_mean, bn.running_var = rand(4), rand(4).square()
    bn.weight.data, bn.bias.data = rand(4), rand(4)
    x, weight, bias = rand(2, 3, 5, 5), rand(4, 3, 3, 3), rand(4)
    folded = fold_batchnorm(
        weight=weight,
        bias=bias,
        mean=bn.running_mean,
        var=bn.running_var,
        eps=bn.eps,
        gamma=bn.weight,
        beta=bn.bias,
    )
    torch.testing.assert_close(F.conv2d(x, *folded), bn(F.conv2d(x, weight, bias)))


@pytest.mark.parametrize(
    ("window", "stride", "padding"), [((2, 2), (2, 2), 1), ((3, 2), (3, 2), 1), ((3, 3), (2, 1), 0)]
)
def test_pooled_kernel_is_pool_then_conv(
    window: tuple[int, int], stride: tuple[int, int], padding: int
) -> None:
    x, weight = rand(2, 3, 12, 12), rand(4, 3, 3, 3)
    composed = F.conv2d(
        x,
        pooled_kernel(weight, window, stride),
        stride=stride,
        padding=(padding * stride[0], padding * stride[1]),
    )
    pooled = F.conv2d(F.avg_pool2d(x, window, stride), weight, padding=padding)
    torch.testing.assert_close(composed, pooled)


def test_unshared_kernel_position_by_position() -> None:
    """The equation itself, with plain loops."""
    weight, amplitude = rand(2, 3, 3, 3), rand(3, 5, 4)
    stride, padding = (2, 1), (1, 1)
    kernels = unshared_kernel(weight, amplitude, stride=stride, padding=padding)
    rows, columns = 3, 4
    assert kernels.shape == (rows * columns, 2, 27)
    padded = F.pad(amplitude, (1, 1, 1, 1))
    for row in range(rows):
        for column in range(columns):
            window = padded[:, row * 2 : row * 2 + 3, column : column + 3]
            expected = (weight * window).flatten(1)
            torch.testing.assert_close(kernels[row * columns + column], expected)


def test_unshared_kernel_of_groups_and_dilation_in_tiles() -> None:
    """A one-hot input of every element reads the kernels off the convolution itself."""
    weight, amplitude = rand(4, 2, 3, 2), rand(4, 6, 5)
    geometry = {"stride": (1, 2), "padding": (1, 0), "dilation": (2, 1), "groups": 2}
    kernels = torch.cat(
        [
            unshared_kernel(weight, amplitude, **geometry, positions=slice(start, start + 3))
            for start in range(0, 8, 3)
        ]
    )
    assert kernels.shape == (8, 4, 12)
    x = rand(5, 4, 6, 5)
    windows = F.unfold(x, (3, 2), stride=(1, 2), padding=(1, 0), dilation=(2, 1))
    halves = windows.unflatten(1, (2, 12))
    currents = torch.einsum("bgkp,pgok->bgop", halves, kernels.unflatten(1, (2, 2)))
    expected = F.conv2d(x * amplitude, weight, **geometry)
    torch.testing.assert_close(currents.flatten(1, 2).view_as(expected), expected)


@pytest.mark.parametrize(("window", "stride"), [((2, 2), (2, 2)), ((3, 2), (2, 1))])
def test_pooled_linear_ignores_rows_no_window_covers(
    window: tuple[int, int], stride: tuple[int, int]
) -> None:
    x = rand(2, 3, 8, 5)
    pooled = F.avg_pool2d(x, window, stride).flatten(1)
    weight = rand(4, pooled.shape[1])
    grown = pooled_linear(weight, (3, 8, 5), window, stride)
    torch.testing.assert_close(F.linear(x.flatten(1), grown), F.linear(pooled, weight))


def test_membrane_threshold_of_every_sign() -> None:
    """Compared with BatchNorm itself, and exactly at a border that floats can express."""
    norm = torch.nn.BatchNorm1d(5, eps=0.0).double().eval()
    norm.weight.data = torch.tensor([2.0, -2.0, 0.0, 0.0, 0.5]).double()
    norm.bias.data = torch.tensor([0.25, 0.25, 0.5, 0.25, 0.0]).double()
    norm.running_mean = torch.tensor([1.0, -1.0, 3.0, 3.0, 0.0]).double()
    norm.running_var = torch.tensor([4.0, 0.25, 1.0, 1.0, 1.0]).double()
    theta, below = membrane_threshold(
        v_threshold=0.5,
        mean=norm.running_mean,
        var=norm.running_var,
        eps=norm.eps,
        gamma=norm.weight,
        beta=norm.bias,
    )
    assert theta.tolist() == [1.25, -1.0625, -torch.inf, torch.inf, 1.0]
    assert below.tolist() == [0, 1, 0, 0, 0]
    u = torch.cat([torch.arange(-3, 3, 0.0625).double()[:, None].expand(-1, 5), theta[None]])
    u = u.nan_to_num(posinf=7.0, neginf=-7.0)
    fires = torch.where(below > 0, u <= theta, u >= theta)
    assert torch.equal(fires, norm(u) >= 0.5)
    assert fires[-1].tolist() == [True, True, True, False, True]


def test_membrane_threshold_without_affine_parameters() -> None:
    mean, var = rand(3), rand(3).square()
    theta, below = membrane_threshold(
        v_threshold=0.5, mean=mean, var=var, eps=1e-5, gamma=None, beta=None
    )
    torch.testing.assert_close(theta, mean + 0.5 * torch.sqrt(var + 1e-5))
    assert not below.any()
