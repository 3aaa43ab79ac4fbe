"""Expressions as arguments, also those that look like options."""

from __future__ import annotations

import json
import math

import click
import pytest
import sympy

from nas.cli.main import run
from nas.cli.options import ExpressionCommand


@click.command(cls=ExpressionCommand)
@click.argument("expression")
@click.option("--try", "own", multiple=True)
@click.option("-q", "quiet", is_flag=True)
@click.option("--count", "-c", type=int)
@click.pass_context
def sample(ctx: click.Context, expression: str, own: tuple[str, ...], quiet: bool, count: int | None) -> None:
    ctx.obj.update(expression=expression, own=own, quiet=quiet, count=count)


def words_of(*args: str) -> dict[str, object]:
    seen: dict[str, object] = {}
    sample.main(list(args), standalone_mode=False, obj=seen)
    return seen


@pytest.mark.parametrize("text", ["-x", "-tanh(x)", "-1*x", "-q1", "x - 1", "-x^2", "-.5*x", "-qx"])
def test_a_word_that_begins_with_minus_is_an_expression(text: str) -> None:
    for args in ([text], [text, "-q"], ["-q", text], ["--", text], ["-c", "3", text], ["--count=3", text]):
        assert str(words_of(*args)["expression"]).strip() == text


def test_options_stay_options_beside_an_expression() -> None:
    seen = words_of("-q", "-x", "--try", "-x^2", "--try=-tanh(x)", "-c", "-3")
    assert seen == {"expression": " -x", "own": ("-x^2", "-tanh(x)"), "quiet": True, "count": -3}


def test_an_option_that_misses_its_value_does_not_eat_what_is_not_there() -> None:
    with pytest.raises(click.BadOptionUsage):
        words_of("x", "--try")


def test_an_unknown_long_option_is_still_an_error() -> None:
    with pytest.raises(click.NoSuchOption):
        words_of("x", "--tri", "x")


def inspected(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, object]:
    assert run(["inspect", *args, "--format", "json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("text", ["-x", "-tanh(x)", "-x*sigmoid(x)", "x^2 - 3*x", "-exp(-x**2)"])
def test_inspect_reads_back_and_differentiates(capsys: pytest.CaptureFixture[str], text: str) -> None:
    facts = inspected(capsys, text)
    again = inspected(capsys, str(facts["expression"]))
    assert again | {"cost_vs_relu": None} == facts | {"cost_vs_relu": None}
    x, at = sympy.Symbol("x"), 0.7312
    names = {"sigmoid": lambda u: 1 / (1 + sympy.exp(-u))}
    f = sympy.sympify(
        text.replace("^", "**"), locals=names
    )  # sympy's own reading and derivative as the oracle
    expected = float(sympy.diff(f, x).subs(x, at))
    written = str(facts["derivative"]).replace("^", "**")
    assert math.isclose(float(sympy.sympify(written, locals=names).subs(x, at)), expected, rel_tol=1e-12)


@pytest.mark.parametrize("text", ["1/x", "log(x)", "sqrt(-1 - x^2)", "exp(exp(x))", "3", "sin(x)/x"])
def test_inspect_has_a_card_for_functions_with_gaps_and_poles(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert run(["inspect", text]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "domain" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_inspect_says_what_a_program_needs(capsys: pytest.CaptureFixture[str]) -> None:
    facts = inspected(capsys, "relu")
    assert facts["kinks"] == [0.0]
    assert facts["bounds"] == [0.0, None]
    assert facts["lipschitz"] == 1.0
    assert math.isclose(float(str(facts["gain"])), math.sqrt(2), rel_tol=1e-12)
    assert facts["finite"]["float16"] == {"low": -65504.0, "high": 65504.0}  # type: ignore[index]


def test_inspect_names_a_known_function_and_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    facts = inspected(capsys, "x*sigmoid(beta[scalar, 2]*x)")
    assert "Swish" in str(facts["name"])
    assert facts["parameters"] == [{"name": "beta", "scope": "scalar", "start": 2.0}]


def test_inspect_draws_f_and_its_derivative(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", "-tanh(x)"]) == 0
    shown = capsys.readouterr().out
    assert "f(x)" in shown
    assert "f'(x)" in shown
    assert max(map(len, shown.splitlines())) <= 80
