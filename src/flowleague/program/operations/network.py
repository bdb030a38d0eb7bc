"""Layers that PyTorch computes as a whole: normalisation, softmax, pooling, and sampling at places."""

from typing import Any

from flowleague.program.operations.table import operation
from flowleague.program.values import FLOATS, Spec, dimension, require


def _times(n: int) -> Any:
    return lambda results, *_arguments: n * results[0].elements


def _floats(self: Spec) -> None:
    require(self.dtype in FLOATS, f"it takes floats, not {self.dtype}")


def _fits(spec: Spec | None, shape: tuple[int, ...], dtype: str, what: str) -> None:
    require(spec is None or (spec.shape == shape and spec.dtype == dtype), f"the {what} does not fit")


def _enter_softmax(name: str) -> None:
    @operation(f"{name}(Tensor self, int dim, bool half_to_float)", flops=_times(5), javascript=name.strip("_"))
    def _softmax(self: Spec, dim: int, half_to_float: bool) -> Spec:
        _floats(self)
        require(not half_to_float, "half precision stays half precision")
        dimension(dim, len(self.shape))
        return self


for _name in ("_softmax", "_log_softmax"):
    _enter_softmax(_name)


@operation(
    "native_layer_norm(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, float eps)",
    flops=_times(8),
    javascript="layer_norm",
    results=3,
)
def _layer_norm(
    x: Spec, normalized_shape: tuple[int, ...], weight: Spec | None, bias: Spec | None, eps: float
) -> tuple[Spec, ...]:
    _floats(x)
    n = len(normalized_shape)
    require(1 <= n <= len(x.shape) and x.shape[-n:] == normalized_shape, "the normalised shape does not fit")
    _fits(weight, normalized_shape, x.dtype, "weight")
    _fits(bias, normalized_shape, x.dtype, "bias")
    moments = Spec(x.dtype, x.shape[:-n] + (1,) * n)
    return x, moments, moments


@operation(
    "native_group_norm(Tensor input, Tensor? weight, Tensor? bias, int N, int C, int HxW, int group, float eps)",
    flops=_times(8),
    javascript="group_norm",
    results=3,
)
def _group_norm(
    x: Spec, weight: Spec | None, bias: Spec | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Spec, ...]:
    _floats(x)
    require(len(x.shape) >= 2 and x.shape[:2] == (N, C) and N * C * HxW == x.elements, "the sizes do not fit")
    require(1 <= group <= C and C % group == 0, "the groups do not divide the channels")
    _fits(weight, (C,), x.dtype, "weight")
    _fits(bias, (C,), x.dtype, "bias")
    moments = Spec(x.dtype, (N, group))
    return x, moments, moments


@operation(
    "_native_batch_norm_legit_no_training(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, "
    "Tensor running_var, float momentum, float eps)",
    flops=_times(4),
    javascript="batch_norm",
)
def _batch_norm(
    x: Spec, weight: Spec | None, bias: Spec | None, mean: Spec, var: Spec, momentum: float, eps: float
) -> Spec:
    require(x.dtype in ("float32", "float64") and len(x.shape) >= 2, "it takes (B, C, ...) floats")
    for spec, what in ((weight, "weight"), (bias, "bias"), (mean, "mean"), (var, "variance")):
        _fits(spec, x.shape[1:2], x.dtype, what)
    return x


def _pooled(n: int, k: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """The size of one dimension after pooling (PyTorch's `pooling_output_shape`)."""
    size = (n + 2 * padding - dilation * (k - 1) - 1 + (stride - 1 if ceil else 0)) // stride + 1
    return size - 1 if ceil and (size - 1) * stride >= n + padding else size


def _pool(
    self: Spec,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    ceil: bool,
) -> Spec:
    require(self.dtype in ("float32", "float64") and len(self.shape) in (3, 4), "it takes images of floats")
    for values, least in ((kernel, 1), (stride, 1), (padding, 0), (dilation, 1)):
        require(len(values) == 2 and all(least <= v <= 2**12 for v in values), "sizes or paddings are not allowed")
    require(all(2 * p <= k for p, k in zip(padding, kernel, strict=True)), "the padding is more than half the window")
    sizes = tuple(
        _pooled(n, k, s, p, d, ceil)
        for n, k, s, p, d in zip(self.shape[-2:], kernel, stride, padding, dilation, strict=True)
    )
    spans = [n + 2 * p - d * (k - 1) for n, p, d, k in zip(self.shape[-2:], padding, dilation, kernel, strict=True)]
    require(all(n >= 1 for n in sizes) and all(span >= 1 for span in spans), "the window is larger than the image")
    return Spec(self.dtype, self.shape[:-2] + sizes)


def _window_flops(results: tuple[Spec, ...], _self: Spec, kernel: tuple[int, ...], *_rest: Any) -> int:
    return results[0].elements * kernel[0] * kernel[1]


@operation(
    "avg_pool2d(Tensor self, int[] kernel_size, int[] stride=[], int[] padding=[], bool ceil_mode=False, "
    "bool count_include_pad=True, int? divisor_override=None)",
    flops=_window_flops,
    javascript="avg_pool2d",
)
def _avg_pool(
    self: Spec,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Spec:
    require(divisor is None or divisor >= 1, "the divisor is below one")
    return _pool(self, kernel, stride, padding, (1, 1), ceil_mode)


@operation(
    "max_pool2d_with_indices(Tensor self, int[] kernel_size, int[] stride=[], int[] padding=[], int[] dilation=[], "
    "bool ceil_mode=False)",
    flops=_window_flops,
    javascript="max_pool2d",
    results=2,
)
def _max_pool(
    self: Spec,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    ceil_mode: bool,
) -> tuple[Spec, Spec]:
    made = _pool(self, kernel, stride, padding, dilation, ceil_mode)
    return made, Spec("int64", made.shape)


@operation(
    "_adaptive_avg_pool2d(Tensor self, int[] output_size)",
    flops=lambda _results, self, *_rest: self.elements,
    javascript="adaptive_avg_pool2d",
)
def _adaptive_avg_pool(self: Spec, output_size: tuple[int, ...]) -> Spec:
    require(self.dtype in ("float32", "float64") and len(self.shape) in (3, 4), "it takes images of floats")
    require(len(output_size) == 2 and all(1 <= n <= 2**12 for n in output_size), "the size is not allowed")
    return Spec(self.dtype, self.shape[:-2] + output_size)


@operation(
    "grid_sampler_2d(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners)",
    flops=_times(12),
    javascript="grid_sample",
    guard=lambda _x, grid, *_rest: require(bool(grid.isfinite().all()), "a place is not finite"),
)
def _grid_sampler(x: Spec, grid: Spec, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Spec:
    require(x.dtype in ("float32", "float64") and grid.dtype == x.dtype, "it takes floats of one type")
    require(len(x.shape) == len(grid.shape) == 4 and grid.shape[3] == 2, "it takes images and places (x, y)")
    require(grid.shape[0] == x.shape[0], "images and places differ in number")
    require(0 <= interpolation_mode <= 2 and 0 <= padding_mode <= 2, "the mode does not exist")
    return Spec(x.dtype, (*x.shape[:2], *grid.shape[1:3]))


def _enter_antialiased(name: str, javascript: str) -> None:
    @operation(
        f"{name}(Tensor self, int[] output_size, bool align_corners, float? scales_h=None, float? scales_w=None)",
        flops=_times(16),
        javascript=javascript,
    )
    def _antialiased(
        self: Spec, output_size: tuple[int, ...], align_corners: bool, scales_h: float | None, scales_w: float | None
    ) -> Spec:
        require(self.dtype in ("float32", "float64") and len(self.shape) == 4, "it takes images of floats")
        require(len(output_size) == 2 and all(1 <= n <= 2**12 for n in output_size), "the size is not allowed")
        for scale, n, m in zip((scales_h, scales_w), self.shape[2:], output_size, strict=True):
            require(scale is None or (scale > 0 and n * scale - 1 <= m <= n * scale + 1), "the scale does not fit")
        return Spec(self.dtype, self.shape[:2] + output_size)


_enter_antialiased("_upsample_bilinear2d_aa", "antialiased_linear")
_enter_antialiased("_upsample_bicubic2d_aa", "antialiased_cubic")
