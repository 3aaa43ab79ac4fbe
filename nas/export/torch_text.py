"""The parts of an exported file that are the same for every function."""

APPLY = '''
class _Function(torch.autograd.Function):
    """Keeps x and the parameters; the backward pass computes the slopes anew. First derivatives only."""

    @staticmethod
    def forward(ctx, x, *parameters):
        ctx.save_for_backward(x, *parameters)
        with torch.autocast(x.device.type, enabled=False):
            return _value(_wide(x), *(_beside(p, x) for p in parameters)).to(x.dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        x, *parameters = ctx.saved_tensors
        with torch.autocast(x.device.type, enabled=False):
            slope, *rest = _slopes(_wide(x), *(_beside(p, x) for p in parameters))
            gradient = _wide(gradient)
            sums = [_total(gradient * s, p) for s, p in zip(rest, parameters)]
            return (gradient * slope).to(x.dtype), *sums


def _wide(x: Tensor) -> Tensor:
    """bfloat16 and float16 are calculated in float32."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _tensors(x: Tensor, *parameters: Tensor | float) -> list[Tensor]:
    """The parameters in the type that x is calculated in."""
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    return [torch.as_tensor(p, dtype=dtype, device=x.device) for p in parameters]


def _beside(parameter: Tensor, x: Tensor) -> Tensor:
    """One number for each channel of x [batch, channels, ...], or one for all."""
    return parameter.view(1, -1, *[1] * (x.ndim - 2)) if parameter.ndim else parameter


def _total(products: Tensor, parameter: Tensor) -> Tensor:
    """The sum over all that shares the parameter."""
    if parameter.ndim == 0:
        return products.sum()
    return products.sum([d for d in range(products.ndim) if d != 1])
'''

GAIN = '''
def gain(**parameters: float) -> float:
    """1/sqrt(E f(z)^2) for z ~ N(0, 1) by the trapezoidal rule, parameters at their start or as given."""
    z = torch.linspace(-12.0, 12.0, 240_001, dtype=torch.float64)
    root = torch.exp(-z * z / 4) / (2 * math.pi) ** 0.25  # of the density
    return torch.trapezoid((activation(z, **{**START, **parameters}) * root) ** 2, z).item() ** -0.5
'''

#: stands in the self-test where there is a gain
GAIN_TEST = """
    if not abs(gain() / GAIN - 1) < 1e-3:
        wrong.append(f"the gain is {gain()}, not {GAIN}")
"""

SELF_TEST = '''
def self_test() -> list[str]:
    """What is wrong with this file on this machine; empty where nothing is."""
    wrong = []
    names = ["f", "df/dx", *(f"df/d{name}" for name in START)]
    for x, *exact in CHECKS:
        for name, got, number in zip(names, _values_at([x, *START.values()]), exact):
            if not abs(got - number) <= 1e-8 * abs(number) + 1e-10:
                wrong.append(f"{name} at x = {x} is {got}, not {number}")
        point = [x, *(start + 0.0137 for start in START.values())]  # off the kinks of f by its parameters
        value, *slopes = _values_at(point)
        for i, slope in enumerate(slopes):
            step = 1e-6 * max(1.0, abs(point[i]))
            high, low = (_values_at([*point[:i], point[i] + s, *point[i + 1 :]])[0] for s in (step, -step))
            difference = (high - low) / (2 * step)
            if abs(slope - difference) > 1e-4 * (1 + abs(slope) + abs(value)):
                wrong.append(f"{names[i + 1]} at x = {x} is {slope}, by differences {difference}")
    reach = torch.tensor(REACH, requires_grad=True)
    y = activation(reach)
    (slope,) = torch.autograd.grad(y.sum(), reach)
    for x, *found in zip(REACH, y.tolist(), slope.tolist()):
        if not all(map(math.isfinite, found)):
            wrong.append(f"f and df/dx in float32 at x = {x} are {found}")
    module, x = Activation(3), torch.ones(2, 3, 4, 5)
    y = module(x.requires_grad_())
    y.sum().backward()
    if y.shape != x.shape or any(p.grad.shape != p.shape for p in module.parameters()):
        wrong.append("the layer changes a shape")
    if module(x.detach().bfloat16()).dtype != torch.bfloat16:
        wrong.append("the layer changes the type")
    return wrong


def _values_at(point: list[float]) -> list[float]:
    """f, df/dx and df/dp for each parameter p, in float64."""
    x, *parameters = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in point)
    y = activation(x.view(1), *parameters)
    return [v.item() for v in (y, *torch.autograd.grad(y.sum(), [x, *parameters]))]


if __name__ == "__main__":
    problems = self_test()
    print("\\n".join(problems) or f"ok: {len(CHECKS)} points, torch {torch.__version__}")
    sys.exit(bool(problems))
'''
