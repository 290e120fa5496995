import torch
from torch.nn import functional as F

from rscore.folding.arithmetic import (
    fold_batchnorm,
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


def test_pooled_kernel_is_pool_then_conv() -> None:
    x, weight = rand(2, 3, 12, 12), rand(4, 3, 3, 3)
    composed = F.conv2d(x, pooled_kernel(weight, 2), stride=2, padding=2)
    torch.testing.assert_close(composed, F.conv2d(F.avg_pool2d(x, 2), weight, padding=1))


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


def test_pooled_linear_ignores_rows_no_window_covers() -> None:
    x, weight = rand(2, 3, 7, 5), rand(4, 3 * 3 * 2)
    grown = pooled_linear(weight, (3, 7, 5), (2, 2))
    torch.testing.assert_close(
        F.linear(x.flatten(1), grown), F.linear(F.avg_pool2d(x, 2).flatten(1), weight)
    )
