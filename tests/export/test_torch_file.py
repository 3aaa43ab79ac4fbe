"""Exported files run alone: in an empty folder, isolated, where there is torch and no nas."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nas.activations.module import Activation
from nas.export.subject import Subject
from nas.export.torch_file import torch_file
from nas.symbolic.parse import parse

TEXTS = [
    "x",
    "relu",
    "swish",
    "acon_c",
    "gelu",
    "selu",
    "mish",
    "max(x, min(x, 1), sin(x), -x)",
    "p1*x*sigmoid(beta[scalar, 2]*x) + p2",
    "max(x, p*x)",
    "sinc(x)*x + cos(x)/3",
    "erfc(x)*expm1(x/2) - log1p(x^2)",
    "asinh(x)^3 - atan(x)^2",
    "exp(x)*exp(-x^2)",
    "sqrt(x)*sqrt(x) + log(x)",
    "sinh(x)/cosh(x)^2",
    "sign(x)*abs(x)^1.5",
    "x/(x + 0.001)",
    "(x^2 + 1)^12",
    "beta[scalar, 0.3]",
    "2^0.5*x - pi/4",
]

#: runs each file as `python FILE` does, without the price of a new torch for each
RUN_ALL = """
import runpy, sys
for path in sys.argv[1:]:
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as ended:
        print(path, "failed" if ended.code else "passed")
    except Exception as error:
        print(error, path + " broke", sep="\\n")
assert not [name for name in sys.modules if name.split(".")[0] in ("nas", "sympy", "numpy_", "mpmath")]
"""


def alone(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("exported")
    paths = [folder / f"f{number}.py" for number in range(len(TEXTS))]
    for path, text in zip(paths, TEXTS, strict=True):
        path.write_text(torch_file(Subject(parse(text))), encoding="utf-8")
    return paths


#: what is wrong -> a change to the file of Swish
BREAKS = {
    "value": ("t2 = x * t1\n    return t2", "t2 = x * t1\n    return t2 * 1.001"),
    "slope": ("t6 = t5 + t1", "t6 = t5 - t1"),
    "gain": ("GAIN = 1.6", "GAIN = 1.7"),
    "nan": ("t1 = torch.sigmoid(t0)", "t1 = torch.sigmoid(t0) / (t0.abs() < 200)"),
    "layer": ("torch.full((channels,), 1.0)", "torch.full((channels + 1,), 1.0)"),
}


@pytest.fixture(scope="module")
def verdicts(files: list[Path]) -> dict[str, tuple[str, str]]:
    """file -> whether it passed its own test, and what it printed."""
    good = files[TEXTS.index("swish")].read_text(encoding="utf-8")
    for name, (old, new) in BREAKS.items():
        assert old in good
        files[0].with_name(f"{name}.py").write_text(good.replace(old, new), encoding="utf-8")
    names = [*(path.name for path in files), *(f"{name}.py" for name in BREAKS)]
    done = alone(files[0].parent, "-c", RUN_ALL, *names)
    assert done.returncode == 0, done.stderr
    blocks = re.findall(r"(?ms)(.*?)^(\w+)\.py (passed|failed|broke)$", done.stdout)
    return {name: (verdict, said) for said, name, verdict in blocks}


@pytest.mark.slow
def test_every_file_passes_its_own_test_without_nas(verdicts: dict[str, tuple[str, str]]) -> None:
    for number, text in enumerate(TEXTS):
        assert verdicts[f"f{number}"][0] == "passed", (text, verdicts[f"f{number}"])


@pytest.mark.parametrize("name", BREAKS)
def test_a_file_that_is_wrong_says_so(verdicts: dict[str, tuple[str, str]], name: str) -> None:
    verdict, said = verdicts[name]
    assert verdict == ("broke" if name == "layer" else "failed")
    assert {"value": "f at x", "slope": "df/dx at x", "gain": "the gain is", "nan": "float32"}.get(
        name, ""
    ) in said


@pytest.mark.slow
def test_python_on_the_file_exits_with_0(files: list[Path]) -> None:
    good = files[TEXTS.index("gelu")]
    done = alone(good.parent, good.name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: ")


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_it_computes_what_nas_trains(files: list[Path], number: int) -> None:
    names: dict[str, object] = {"__name__": "exported"}
    exec(compile(files[number].read_text(encoding="utf-8"), str(files[number]), "exec"), names)
    ours, theirs = Activation(parse(TEXTS[number]), 3), names["Activation"](3)  # type: ignore[operator]
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter += 0.2 * torch.rand(parameter.shape, generator=generator)
    theirs.load_state_dict(ours.state_dict())
    for shape in ((4, 3), (2, 3, 5), (2, 3, 4, 5)):
        x = (1.7 * torch.randn(shape, generator=generator)).double()
        results = []
        for module in (ours.double(), theirs.double()):
            point = x.clone().requires_grad_()
            y = module(point)
            results.append([y, *torch.autograd.grad(y.sum(), [point, *module.parameters()])])
        torch.testing.assert_close(results[1], results[0], rtol=1e-12, atol=1e-12, equal_nan=True)


def test_it_saves_only_its_input() -> None:
    names: dict[str, object] = {"__name__": "exported"}
    exec(torch_file(Subject(parse("max(x, tanh(x))*sigmoid(x)"))), names)
    saved: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        names["activation"](torch.randn(7, 11, requires_grad=True))  # type: ignore[operator]
    assert [t.numel() for t in saved] == [77]


def test_the_code_is_clean(files: list[Path]) -> None:
    """Valid for Python, every line short, nothing imported in vain; and ruff has nothing to say."""
    for path in files:
        source = path.read_text(encoding="utf-8")
        ast.parse(source)
        assert max(map(len, source.splitlines())) <= 110, path.name
    ruff = shutil.which("ruff") or shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is not None:
        words = [ruff, "check", "--isolated", "--no-cache", "--select", "E4,E7,E9,F,I,UP,W"]
        done = subprocess.run([*words, *map(str, files)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
