"""Operations over dimensions, and layers of networks, in ONNX."""

from math import prod
from typing import Any

from flowleague.live.onnx.graph import Graph, Translation, Value, refusal


def _axes(x: Value, dims: Any) -> list[int]:
    given = dims if isinstance(dims, list) else [dims] if isinstance(dims, int) and not isinstance(dims, bool) else []
    return [dim % max(x.rank, 1) for dim in given] or list(range(x.rank))


def _reduced(operation: str) -> Translation:
    def write(g: Graph, a: list[Any], outs: list[Value]) -> str:
        x = a[0]
        axes = _axes(x, a[1] if len(a) > 1 else None)
        keep = x.rank == len(outs[0].spec.shape)
        as_truth = outs[0].spec.dtype == "bool"
        name = g.cast(g.operand(x, "bool"), "int32") if as_truth else g.operand(x, outs[0].spec.dtype)
        made = g.add(operation, name, g.ints(*axes), keepdims=int(keep)) if axes else name
        return g.cast(made, "bool") if as_truth else made

    return write


def _var(g: Graph, a: list[Any], outs: list[Value]) -> str:
    x, dims, correction, keep = a
    axes = _axes(x, dims)
    n = prod(x.spec.shape[k] for k in axes)
    if x.layout and x.layout.axis in axes:
        raise refusal("A variance over rows")
    centred = g.add("Sub", x.name, g.add("ReduceMean", x.name, g.ints(*axes), keepdims=1))
    total = g.add("ReduceSum", g.add("Mul", centred, centred), g.ints(*axes), keepdims=int(keep))
    return g.add("Div", total, g.constant(n - (1 if correction is None else correction), outs[0].spec.dtype))


def _place(operation: str) -> Translation:
    def write(g: Graph, a: list[Any], _outs: list[Value]) -> str:
        x, dim, keep = a
        if dim is None:
            raise refusal("A place in all dimensions")
        return g.add(operation, x.name, axis=dim % max(x.rank, 1), keepdims=int(keep))

    return write


def _extreme(operation: str, place: str) -> Translation:
    def write(g: Graph, a: list[Any], _outs: list[Value]) -> list[str]:
        x, dim, keep = a
        axis = dim % max(x.rank, 1)
        values = g.add(operation, x.name, g.ints(axis), keepdims=int(keep))
        return [values, g.add(place, x.name, axis=axis, keepdims=int(keep))]

    return write


def _cumsum(g: Graph, a: list[Any], outs: list[Value]) -> str:
    return g.add("CumSum", g.operand(a[0], outs[0].spec.dtype), g.constant(a[1] % max(a[0].rank, 1), "int64"))


def _sort(g: Graph, a: list[Any], _outs: list[Value]) -> list[str]:
    x, _, dim, descending = a
    axis = dim % max(x.rank, 1)
    return g.several(2, "TopK", x.name, g.ints(x.spec.shape[axis]), axis=axis, largest=int(descending))


def _topk(g: Graph, a: list[Any], _outs: list[Value]) -> list[str]:
    x, k, dim, largest, _ = a
    return g.several(2, "TopK", x.name, g.ints(k), axis=dim % x.rank, largest=int(largest))


def _along(operation: str) -> Translation:
    return lambda g, a, _outs: g.add(operation, a[0].name, axis=a[1] % max(a[0].rank, 1))


def _layer_norm(g: Graph, a: list[Any], _outs: list[Value]) -> list[str]:
    x, shape, weight, bias, epsilon = a
    scale = weight.name if weight else g.add("Expand", g.constant(1, x.spec.dtype), g.ints(*shape))
    given = [x.name, scale, *([bias.name] if bias else [])]
    return g.several(3, "LayerNormalization", *given, axis=x.rank - len(shape), epsilon=epsilon)


def _group_norm(g: Graph, a: list[Any], outs: list[Value]) -> str:
    x, weight, bias, n, channels, area, groups, epsilon = a
    dtype = x.spec.dtype
    lines = g.shaped(x.name, (n, groups, channels // groups * area), x.layout)
    ones, zeros = (g.add("Expand", g.constant(value, dtype), g.ints(groups)) for value in (1, 0))
    made = g.shaped(g.add("InstanceNormalization", lines, ones, zeros, epsilon=epsilon), outs[0].spec.shape, x.layout)
    for operation, one in (("Mul", weight), ("Add", bias)):
        made = g.add(operation, made, g.shaped(one.name, [channels] + [1] * (x.rank - 2), None)) if one else made
    return made


def _batch_norm(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    x, weight, bias, mean, variance, _, epsilon = a
    dtype, C = x.spec.dtype, x.spec.shape[1]
    scale, shift = (
        one.name if one else g.add("Expand", g.constant(value, dtype), g.ints(C))
        for one, value in ((weight, 1), (bias, 0))
    )
    return g.add("BatchNormalization", x.name, scale, shift, mean.name, variance.name, epsilon=epsilon)


def _pool(g: Graph, a: list[Any], outs: list[Value]) -> str:
    x, kernel, stride, padding = a[:4]
    if x.rank != 4:
        raise refusal("Pooling of images without a batch")
    window = {"kernel_shape": kernel, "strides": stride, "pads": [*padding, *padding]}
    if len(outs) == 2:
        return g.add("MaxPool", x.name, **window, dilations=a[4], ceil_mode=int(a[5]))
    if a[6] is not None:
        raise refusal("Pooling with a divisor")
    return g.add("AveragePool", x.name, **window, ceil_mode=int(a[4]), count_include_pad=int(a[5]))


def _adaptive_pool(g: Graph, a: list[Any], outs: list[Value]) -> str:
    sizes = list(zip(a[0].spec.shape[-2:], outs[0].spec.shape[-2:], strict=True))
    if a[0].rank != 4 or any(n % m for n, m in sizes):
        raise refusal("Pooling by windows of several sizes")
    window = [n // m for n, m in sizes]
    return g.add("AveragePool", a[0].name, kernel_shape=window, strides=window)


def _convolution(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    x, weight, bias, stride, padding, dilation, transposed, extra, groups = a
    inputs = [x.name, weight.name, *([bias.name] if bias else [])]
    same = {"strides": stride, "pads": [*padding, *padding], "dilations": dilation, "group": groups}
    if transposed:
        return g.add("ConvTranspose", *inputs, **same, output_padding=extra)
    return g.add("Conv", *inputs, **same)


def _addmm(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    added, left, right, beta, alpha = a
    return g.add("Gemm", left.name, right.name, added.name, alpha=float(alpha), beta=float(beta))


TRANSLATIONS: dict[str, Translation] = {
    "sum": _reduced("ReduceSum"), "mean": _reduced("ReduceMean"), "amax": _reduced("ReduceMax"),
    "amin": _reduced("ReduceMin"), "prod": _reduced("ReduceProd"),
    "any": _reduced("ReduceMax"), "var": _var, "argmax": _place("ArgMax"),
    "argmin": _place("ArgMin"), "max_dim": _extreme("ReduceMax", "ArgMax"), "min_dim": _extreme("ReduceMin", "ArgMin"),
    "cumsum": _cumsum, "sort": _sort, "topk": _topk, "softmax": _along("Softmax"), "log_softmax": _along("LogSoftmax"),
    "layer_norm": _layer_norm, "group_norm": _group_norm, "batch_norm": _batch_norm, "avg_pool2d": _pool,
    "max_pool2d": _pool, "adaptive_avg_pool2d": _adaptive_pool, "convolution": _convolution, "addmm": _addmm,
    "mm": lambda g, a, _outs: g.add("MatMul", a[0].name, a[1].name),
    "bmm": lambda g, a, _outs: g.add("MatMul", a[0].name, a[1].name),
}  # fmt: skip
