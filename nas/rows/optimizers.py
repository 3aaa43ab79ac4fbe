"""The update rules, one row each: formula, hyperparameters, state, and which form of the formula it is.

In the formulas w is a weight, g its gradient, a the learning rate lr; all is element by element.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nas.registry import Table

Needs = Literal["gradient", "loss", "curvature"]


@dataclass(frozen=True)
class Hyper:
    """A hyperparameter of a rule: its default and the range it makes sense in, both ends included."""

    name: str
    default: float
    low: float
    high: float
    log: bool  #: drawn evenly in its logarithm
    meaning: str  #: with its unit, where it has one
    whole: bool = False  #: takes whole numbers only


@dataclass(frozen=True)
class Rule:
    """An update rule.

    `needs` says what a step takes: a gradient, as any mini-batch gives; the loss, which it evaluates again at
    other weights; or the curvature, by second derivatives. Those two want the same data throughout a step.
    """

    name: str
    summary: str
    formula: str
    source: str
    lr: Hyper
    hyper: tuple[Hyper, ...]
    tensors: int | None  #: of a weight's own size that are kept from step to step; None: see `state`
    state: str  #: what is kept
    form: str  #: which of the forms in use this is, and where torch's differs from the textbook's
    torch: str | None = None  #: the class of torch.optim whose kernels do the step; None: own code
    needs: Needs = "gradient"
    decoupled: bool = False  #: weight decay shrinks the weight instead of joining the gradient, by default


def _lr(default: float, low: float, high: float, meaning: str = "learning rate") -> Hyper:
    return Hyper("lr", default, low, high, True, meaning)


def _share(name: str, default: float, low: float, high: float, meaning: str) -> Hyper:
    return Hyper(name, default, low, high, False, meaning)


def _eps(default: float, low: float = 1e-16, high: float = 1e-2) -> Hyper:
    return Hyper("eps", default, low, high, True, "keeps the denominator from 0; in units of the gradient")


_MOMENTUM = _share("momentum", 0.9, 0.0, 0.999, "share of u that stays; its memory is 1/(1 - momentum) steps")
_BETA1 = _share("beta1", 0.9, 0.0, 0.999, "share of m that stays a step")
_BETA2 = _share("beta2", 0.999, 0.5, 0.99999, "share of v that stays a step")
_ADAM = (_BETA1, _BETA2, _eps(1e-8))
_C1 = Hyper("c1", 1e-4, 1e-5, 0.5, True, "share of the promised decrease that is enough")
_ADAM_FORM = (
    "both averages start at 0 and are divided by 1 - beta^t, t from 1; eps outside the root and after the "
    "division, as in Kingma & Ba's algorithm 1"
)

OPTIMIZERS = Table(
    "optimizer",
    [
        Rule(
            name="sgd",
            summary="gradient descent; with mini-batches, stochastic gradient descent",
            formula="w <- w - a g",
            source="RobbinsMonro1951",
            lr=_lr(0.1, 1e-3, 10.0),
            hyper=(),
            tensors=0,
            state="nothing",
            form="the mean over a mini-batch estimates the full gradient without bias; of a sum over B "
            "examples the same step needs lr / B",
            torch="SGD",
        ),
        Rule(
            name="momentum",
            summary="heavy ball: a step goes along a sum of past gradients that fades",
            formula="u <- momentum u + g;  w <- w - a u",
            source="Polyak1964",
            lr=_lr(0.1, 1e-3, 1.0),
            hyper=(_MOMENTUM,),
            tensors=1,
            state="u",
            form="as in torch, lr stands outside of u; with u <- momentum u + a g, w <- w - u, as textbooks "
            "have it, the steps are the same while lr is constant and lag behind a schedule; no dampening",
            torch="SGD",
        ),
        Rule(
            name="nesterov",
            summary="Nesterov's momentum: the gradient is taken where the momentum leads",
            formula="u <- momentum u + g;  w <- w - a (g + momentum u)",
            source="Nesterov1983",
            lr=_lr(0.1, 1e-3, 1.0),
            hyper=(_MOMENTUM,),
            tensors=1,
            state="u",
            form="as in torch and Sutskever et al. 2013, w is the point looked ahead to: with the "
            "textbook's u <- momentum u + a grad F(x - momentum u), x <- x - u it is w = x - momentum u "
            "while lr is constant",
            torch="SGD",
        ),
        Rule(
            name="momentum_averaged",
            summary="momentum as an average of gradients: its step stays that of one gradient",
            formula="v <- momentum v + (1 - momentum) g;  w <- w - a v",
            source="Polyak1964",
            lr=_lr(0.3, 1e-2, 10.0),
            hyper=(_MOMENTUM,),
            tensors=1,
            state="v",
            form="v starts at 0, so the first step is 1 - momentum of a gradient's; torch.optim.SGD with "
            "dampening starts from the whole first gradient. Equal to momentum at lr (1 - momentum)",
            torch="SGD",
        ),
        Rule(
            name="normalized",
            summary="each coordinate's step is below lr, however steep it is",
            formula="w <- w - a g / sqrt(g^2 + 1)",
            source="nas",
            lr=_lr(0.1, 1e-3, 1.0, "learning rate: the longest step of a coordinate"),
            hyper=(),
            tensors=0,
            state="nothing",
            form="g^2 by coordinate; torch has no such rule. The 1 has the unit of g^2: below it, gradient "
            "descent",
        ),
        Rule(
            name="normalized_norm",
            summary="the step along the gradient of a tensor is shorter than lr",
            formula="w <- w - a g / sqrt(|g|^2 + 1)",
            source="nas",
            lr=_lr(0.1, 1e-3, 1.0, "learning rate: the longest step of a tensor"),
            hyper=(),
            tensors=0,
            state="nothing",
            form="|g| is the norm over a tensor, so the direction stays that of the gradient; for one "
            "weight it is `normalized`",
        ),
        Rule(
            name="adagrad",
            summary="divides by the root of all squared gradients so far",
            formula="G <- G + g^2;  w <- w - a g / (sqrt(G) + eps)",
            source="Duchi2011",
            lr=_lr(0.1, 1e-2, 10.0),
            hyper=(_eps(1e-10),),
            tensors=1,
            state="G",
            form="as in torch, eps outside the root; textbooks have it inside, sqrt(G + eps); G starts at 0",
            torch="Adagrad",
        ),
        Rule(
            name="rmsprop",
            summary="divides by the root of an average of squared gradients",
            formula="G <- rho G + (1 - rho) g^2;  w <- w - a g / (sqrt(G) + eps)",
            source="TielemanHinton2012",
            lr=_lr(1e-2, 1e-4, 1.0),
            hyper=(_share("rho", 0.99, 0.8, 0.9999, "share of G that stays a step"), _eps(1e-8)),
            tensors=1,
            state="G",
            form="as in torch, eps outside the root and G not corrected for its start at 0, so the first "
            "steps are up to 1/sqrt(1 - rho) times as long; textbooks have sqrt(G + eps)",
            torch="RMSprop",
        ),
        Rule(
            name="adadelta",
            summary="the step has the weight's unit: root of past squared steps over that of squared "
            "gradients",
            formula="G <- rho G + (1 - rho) g^2;  d = sqrt(R + eps) / sqrt(G + eps) g;  "
            "R <- rho R + (1 - rho) d^2;  w <- w - a d",
            source="Zeiler2012",
            lr=_lr(1.0, 0.1, 1000.0),
            hyper=(
                _share("rho", 0.9, 0.8, 0.999, "share of G and R that stays a step"),
                Hyper("eps", 1e-6, 1e-10, 1e-2, True, "inside both roots: sets the first step"),
            ),
            tensors=2,
            state="G, R",
            form="eps inside both roots, in torch as in the paper; R holds the steps up to the previous "
            "one. The paper has no lr: it is 1",
            torch="Adadelta",
        ),
        Rule(
            name="adam",
            summary="an average of gradients over the root of an average of their squares",
            formula="m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2;  "
            "w <- w - a m/(1 - beta1^t) / (sqrt(v/(1 - beta2^t)) + eps)",
            source="KingmaBa2014",
            lr=_lr(1e-2, 1e-4, 1.0, "learning rate: about the step of a coordinate"),
            hyper=_ADAM,
            tensors=2,
            state="m, v, t",
            form=f"{_ADAM_FORM}. Weight decay joins the gradient, and is then divided by sqrt(v), too",
            torch="Adam",
        ),
        Rule(
            name="adamw",
            summary="Adam whose weight decay shrinks the weight itself",
            formula="w <- (1 - a decay) w, then Adam's step",
            source="LoshchilovHutter2017",
            lr=_lr(1e-2, 1e-4, 1.0, "learning rate: about the step of a coordinate"),
            hyper=_ADAM,
            tensors=2,
            state="m, v, t",
            form=f"{_ADAM_FORM}. As in torch the decay is multiplied by lr; the paper multiplies it by the "
            "schedule's factor alone",
            torch="AdamW",
            decoupled=True,
        ),
        Rule(
            name="adam_scalar",
            summary="Adam with one number a tensor: an average of |g|^2",
            formula="m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) |g|^2;  "
            "w <- w - a m/(1 - beta1^t) / (sqrt(v/(1 - beta2^t)) + eps)",
            source="KingmaBa2014",
            lr=_lr(1e-2, 1e-4, 10.0, "learning rate: about the length of a tensor's step"),
            hyper=_ADAM,
            tensors=1,
            state="m, t and a number v for a tensor",
            form="|g|^2 is the sum over a tensor, not the mean: steps are about sqrt(n) shorter than Adam's "
            "for n weights and turn with the coordinates; for one weight it is Adam",
        ),
        Rule(
            name="amsgrad",
            summary="Adam that never forgets its largest v",
            formula="Adam with max(v_1, ..., v_t) for v",
            source="Reddi2018",
            lr=_lr(1e-2, 1e-4, 1.0, "learning rate: about the step of a coordinate"),
            hyper=_ADAM,
            tensors=3,
            state="m, v, the largest v, t",
            form="as in torch the maximum is of the v before bias correction; the paper corrects no bias",
            torch="Adam",
        ),
        Rule(
            name="nadam",
            summary="Adam with Nesterov's look ahead",
            formula="m and v as in Adam;  w <- w - a (mu' m/(1 - P mu') + (1 - mu) g/(1 - P)) / (sqrt(v/(1 "
            "- beta2^t)) + eps);  mu = beta1 (1 - 0.96^(t psi)/2), mu' of t + 1, P = mu_1 ... mu_t",
            source="Dozat2016",
            lr=_lr(1e-2, 1e-4, 1.0, "learning rate: about the step of a coordinate"),
            hyper=(*_ADAM, _share("psi", 4e-3, 0.0, 0.1, "how fast mu rises from beta1/2 to beta1, a step")),
            tensors=2,
            state="m, v, t, P",
            form="torch warms mu up as Dozat's report has it, but averages m by beta1 alone and keeps P in "
            "single precision; the short textbook form has mu = beta1 throughout and m' = beta1 m + (1 - "
            "beta1) g",
            torch="NAdam",
        ),
        Rule(
            name="radam",
            summary="Adam that waits for v: momentum alone until its variance is known",
            formula="r_t = r - 2t beta2^t/(1 - beta2^t), r = 2/(1 - beta2) - 1;  w <- w - a m/(1 - beta1^t) "
            "for r_t <= 5, afterwards Adam's step times sqrt((r_t-4)(r_t-2) r / ((r-4)(r-2) r_t))",
            source="LiuJiang2019",
            lr=_lr(1e-2, 1e-4, 1.0, "learning rate: about the step of a coordinate"),
            hyper=_ADAM,
            tensors=2,
            state="m, v, t",
            form="the threshold is 5 in torch, 4 in the paper; eps is added to sqrt(v) before bias "
            "correction",
            torch="RAdam",
        ),
        Rule(
            name="adamax",
            summary="Adam with the largest gradient, slowly forgotten, for the root of v",
            formula="m as in Adam;  u <- max(beta2 u, |g| + eps);  w <- w - a m/(1 - beta1^t) / u",
            source="KingmaBa2014",
            lr=_lr(1e-2, 1e-4, 1.0, "learning rate: about the step of a coordinate"),
            hyper=_ADAM,
            tensors=2,
            state="m, u, t",
            form="as in torch, eps is added to |g| inside the maximum; the paper has none",
            torch="Adamax",
        ),
        Rule(
            name="adafactor",
            summary="Adam without m, with v as the product of its row and column means",
            formula="V = row mean x column mean / mean of both of averages of g^2 (beta2 = 1 - t^-0.8);  "
            "s = g/sqrt(V);  w <- w - min(a, 1/sqrt(t)) max(1e-3, rms(w)) s / max(1, rms(s)/clip)",
            source="ShazeerStern2018",
            lr=_lr(1e-2, 1e-3, 1.0, "longest step as a share of the tensor's root mean square"),
            hyper=(
                Hyper("clip", 1.0, 1.0, 10.0, True, "largest root mean square of s"),
                _share("decay_power", 0.8, 0.5, 1.0, "power of 1/t in 1 - beta2"),
            ),
            tensors=0,
            state="rows + columns instead of rows x columns numbers for a matrix; v for a vector; t",
            form="torch's form: lr caps the paper's 1/sqrt(t), and the step is relative to the size of w, "
            "here taken after weight decay. A convolution is factored over the two sides of its kernels. A "
            "vector keeps its whole v",
            torch="Adafactor",
            decoupled=True,
        ),
        Rule(
            name="muon",
            summary="momentum whose step for a matrix is made nearly orthogonal; AdamW for all other tensors",
            formula="B <- momentum B + (1 - momentum) g;  M = (1 - momentum) g + momentum B;  "
            "w <- w - 0.2 a sqrt(max(rows, columns)) U V^T, where M = U S V^T",
            source="Jordan2024",
            lr=_lr(1e-2, 1e-4, 1.0, "learning rate: 5 times the root mean square of a matrix's step"),
            hyper=(_share("momentum", 0.95, 0.0, 0.999, "share of B that stays a step"),),
            tensors=None,
            state="B for a matrix; m, v, t for other tensors",
            form="torch's Muon takes matrices alone: a convolution is one of [out, in x height x width]. U "
            "V^T is five Newton-Schulz iterations in bfloat16, singular values about 0.7 to 1.2. The factor "
            "0.2 sqrt(max) makes one lr serve Muon and AdamW (Liu et al. 2025); B is averaged in code, "
            "summed in torch's manual",
            torch="Muon",
            decoupled=True,
        ),
        Rule(
            name="lion",
            summary="the sign of an interpolation between momentum and gradient",
            formula="w <- w - a sign(beta1 m + (1 - beta1) g);  m <- beta2 m + (1 - beta2) g",
            source="Chen2023",
            lr=_lr(3e-3, 1e-5, 0.3, "learning rate: the step of every coordinate"),
            hyper=(
                _share("beta1", 0.9, 0.5, 0.99, "share of m in the sign"),
                _share("beta2", 0.99, 0.9, 0.999, "share of m that stays a step"),
            ),
            tensors=1,
            state="m",
            form="as in the paper, weight decay is decoupled and times lr; torch has no Lion",
            decoupled=True,
        ),
        Rule(
            name="rprop",
            summary="signs alone: a step of its own for each weight, longer while the sign stays",
            formula="s <- grow s where g keeps its sign, shrink s where it turns (and g <- 0);  "
            "w <- w - s sign(g)",
            source="RiedmillerBraun1993",
            lr=_lr(1e-2, 1e-4, 1.0, "first step of every weight; a schedule has no effect on later ones"),
            hyper=(
                _share("shrink", 0.5, 0.1, 0.9, "factor of a step whose sign turned"),
                _share("grow", 1.2, 1.05, 2.0, "factor of a step whose sign stayed"),
            ),
            tensors=2,
            state="s and the previous g",
            form="torch's form, without taking a step back where the sign turned (Rprop-). Steps stay in "
            "1e-6 to 50, so it comes no nearer than that. Meant for full gradients: mini-batches turn signs "
            "at random",
            torch="Rprop",
        ),
        Rule(
            name="gd_exact",
            summary="gradient descent, each step to the lowest point along the gradient",
            formula="a_k = argmin over a > 0 of F(w - a g);  w <- w - a_k g",
            source="NocedalWright2006",
            lr=_lr(1.0, 1e-3, 10.0, "first guess at a_k"),
            hyper=(),
            tensors=0,
            state="nothing",
            form="the first root of d/da F(w - a g) that doubling a from lr brackets, by Brent's method: on "
            "a quadratic g'g / g'Hg; elsewhere it may be a local minimum",
            needs="loss",
        ),
        Rule(
            name="gd_armijo",
            summary="gradient descent with backtracking until the decrease is sufficient",
            formula="largest a_k of lr, lr shrink, lr shrink^2, ... with F(w - a_k g) <= F(w) - c1 a_k |g|^2",
            source="Armijo1966",
            lr=_lr(1.0, 1e-2, 10.0, "longest step, tried first each time"),
            hyper=(_C1, _share("shrink", 0.5, 0.1, 0.9, "factor from trial to trial")),
            tensors=0,
            state="nothing",
            form="stays where 60 trials bring no sufficient decrease, as where F is noisy",
            needs="loss",
        ),
        Rule(
            name="gd_wolfe",
            summary="gradient descent with a step that also flattens the slope",
            formula="a_k with F(w - a_k g) <= F(w) - c1 a_k |g|^2 and |g'(a_k) . g| <= c2 |g|^2",
            source="Wolfe1969",
            lr=_lr(1.0, 1e-2, 10.0, "first trial"),
            hyper=(_C1, _share("c2", 0.9, 0.5, 0.99, "share of the slope that may be left; above c1")),
            tensors=0,
            state="nothing",
            form="the strong conditions, by scipy.optimize.line_search; Armijo's step where it finds none",
            needs="loss",
        ),
        Rule(
            name="lbfgs",
            summary="quasi-Newton: the curvature is read off the last steps",
            formula="w <- w - a H g, H from the last `history` pairs of steps and changes of g; a by a "
            "Wolfe search",
            source="LiuNocedal1989",
            lr=_lr(1.0, 1e-2, 1.0, "first trial of the search"),
            hyper=(Hyper("history", 10, 1, 100, True, "pairs that are kept", whole=True),),
            tensors=None,
            state="two tensors a pair, the direction, the previous g",
            form="torch's LBFGS with strong Wolfe conditions, one iteration a step; its first step is "
            "shortened to min(1, 1/|g|_1) lr. torch's tolerances for stopping are 0 here",
            torch="LBFGS",
            needs="loss",
        ),
        Rule(
            name="newton",
            summary="the step to the lowest point of the local parabola, damped by lr",
            formula="w <- w - a H^-1 g; for one weight w <- w - a F'/F''",
            source="NocedalWright2006",
            lr=_lr(1.0, 1e-2, 1.0, "share of the full step"),
            hyper=(Hyper("damping", 0.0, 0.0, 10.0, False, "added to the diagonal of H, in its unit"),),
            tensors=0,
            state="nothing",
            form="H over all weights together by autograd, dense: n^2 numbers; where H has no inverse, its "
            "pseudo-inverse. It goes to saddles and maxima as well: no safeguard",
            needs="curvature",
        ),
    ],
)


def default_lr(optimizer: str) -> float:
    """The learning rate that the rule `optimizer` starts from; of a formula, that of a rule without state."""
    return OPTIMIZERS[optimizer if optimizer in OPTIMIZERS else "sgd"].lr.default


def rates(optimizer: str, count: int) -> tuple[float, ...]:
    """`count` learning rates over the range of the row, evenly in the logarithm; of one, the default."""
    if count == 1:
        return (default_lr(optimizer),)
    row = OPTIMIZERS[optimizer].lr
    steps = [row.low * (row.high / row.low) ** (k / (count - 1)) for k in range(count)]
    return tuple(float(f"{lr:.3g}") for lr in steps)
