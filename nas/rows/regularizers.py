"""What keeps a network from learning its training images by heart, and what evens out its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from nas.registry import Table


@dataclass(frozen=True)
class Regularizer:
    """One way to regularize or to normalize."""

    name: str
    summary: str
    formula: str
    effect: str  #: what it does to training, and what it is equal to
    source: str
    fields: dict[str, object] = field(default_factory=dict)  #: of the recipe; None: any value, else this one


REGULARIZERS = Table(
    "regularizer",
    [
        Regularizer(
            name="dropout",
            summary="drops numbers at random on their way into a linear layer",
            formula="in training y = m x / (1 - p), m = 0 with probability p and 1 otherwise; else y = x",
            effect="no unit can rely on one other; the mean of y stays x, so testing needs no factor. It "
            "goes before the linear layers from the second layer with weights on",
            source="Srivastava2014",
            fields={"dropout": None},
        ),
        Regularizer(
            name="coupled_decay",
            summary="weight decay in the gradient, which is an L2 penalty on the loss",
            formula="g + lambda w in place of g: the gradient of F + (lambda/2)|w|^2",
            effect="weights that the loss does not need go to 0. A rule that rescales its gradient, such as "
            "Adam, rescales the decay with it, so weights of large gradients decay less",
            source="KroghHertz1991",
            fields={"weight_decay": None, "decay": "coupled"},
        ),
        Regularizer(
            name="decoupled_decay",
            summary="weight decay beside the gradient: every weight shrinks by the same share",
            formula="w <- (1 - eta) w, then the step of the rule on the bare gradient; eta = lr lambda",
            effect="the same share for all weights, whatever the rule does with gradients. For plain SGD "
            "with a = lr it is the penalty eta/(2a)|w|^2 = (lambda/2)|w|^2, the coupled form; for Adam it "
            "is not",
            source="LoshchilovHutter2017",
            fields={"weight_decay": None, "decay": "decoupled"},
        ),
        Regularizer(
            name="gaussian_prior",
            summary="the L2 penalty read as a Gaussian prior on the weights",
            formula="-(lambda/2)|w|^2 = log N(w; 0, 1/lambda) + constant; 1/lambda: the variance of a weight",
            effect="the minimum of the penalized loss is the most probable w after the data (MAP) where the "
            "loss is a sum of -log p over the images. F is their mean over n, so the prior of "
            "F + (lambda/2)|w|^2 has the variance 1/(n lambda). It holds for coupled decay, and for "
            "decoupled decay under plain SGD",
            source="Bishop2006",
            fields={"weight_decay": None, "decay": "coupled"},
        ),
        Regularizer(
            name="label_smoothing",
            summary="spreads a share of each label evenly over all classes",
            formula="target_k = (1 - s) [k = label] + s/K for K classes",
            effect="the best logits are finite: log((1 - s)K/s + 1) between the label's and any other, so a "
            "network gains nothing from growing surer",
            source="Szegedy2016",
            fields={"label_smoothing": None},
        ),
        Regularizer(
            name="flip",
            summary="augmentation: mirrors each training image left to right with probability 1/2",
            formula="x[c, i, j] -> x[c, i, W - 1 - j]",
            effect="twice the images where a mirror image keeps its class: photographs, not digits",
            source="Krizhevsky2012",
            fields={"flip": None},
        ),
        Regularizer(
            name="crop",
            summary="augmentation: shifts each training image by up to so many pixels, black at the edge",
            formula="x[c, i, j] -> x[c, i + u, j + v], u and v even over -r..r",
            effect="(2r + 1)^2 places for each image, so that the place of a thing does not matter",
            source="He2016",
            fields={"crop": None},
        ),
        Regularizer(
            name="batch_norm",
            summary="normalizes each channel over the batch",
            formula="y = gamma (x - mean) / sqrt(var + eps) + beta over batch and pixels; gamma, beta "
            "learned; in evaluation with running averages of mean and var",
            effect="signals keep their scale through depth and larger learning rates work; the other images "
            "of the batch are noise on each one, which regularizes",
            source="IoffeSzegedy2015",
            fields={"norm": "batch"},
        ),
        Regularizer(
            name="layer_norm",
            summary="normalizes each image over all its channels and pixels",
            formula="y = gamma (x - mean) / sqrt(var + eps) + beta over one image; gamma, beta learned",
            effect="the same in training and evaluation and for any batch size: no noise of a batch",
            source="BaKirosHinton2016",
            fields={"norm": "layer"},
        ),
        Regularizer(
            name="early_stopping",
            summary="ends a training once the validation loss has not fallen for so many epochs",
            formula="stop after epoch t where t - argmin_{s <= t} loss_val(s) >= patience",
            effect="few steps keep weights near their start, much as a penalty does. The score is that of "
            "the last epoch; it was chosen with the validation part, as every score of a search is",
            source="Prechelt1998",
            fields={"patience": None},
        ),
        Regularizer(
            name="scaled_inputs",
            summary="centers and scales the inputs, always",
            formula="x <- (x - mean) / std, both of each channel over the pixels of the training part",
            effect="inputs of one size and both signs let the weights of a layer move in all directions; it "
            "conditions the problem rather than regularizes",
            source="LeCun1998",
        ),
    ],
)
