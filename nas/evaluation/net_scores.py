"""What networks score without training, for a search that screens by it."""

from __future__ import annotations

from nas.datasets.images import Images
from nas.evaluation.builder import global_random_state
from nas.scores.measure import Sample, measure
from nas.scores.ranking import score


class NetScores:
    """`nas score` of networks, on images of the training part; each is computed once, in seconds."""

    def __init__(self, images: Images) -> None:
        self._sample = Sample.of(images)
        self._known: dict[str, float] = {}

    def __call__(self, net: str) -> float:
        """That of the network called, or written as, `net`."""
        if net not in self._known:
            with global_random_state:
                self._known[net] = score(measure(net, self._sample).scores)
        return self._known[net]
