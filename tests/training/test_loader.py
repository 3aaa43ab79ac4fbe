"""Batches from memory: what is in them, in which order, how normalized."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nas.datasets.images import Images
from nas.errors import DataError, SettingError
from nas.protocol import Recipe
from nas.training.loader import Split, batches, load_split, steps_per_epoch, validation_batches

PLAIN = Recipe(batch_size=32, flip=False, crop=0)


def noise(n: int = 300, seed: int = 0) -> Images:
    """Images whose every pixel is known by image: no two are alike."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 200, (n, 3, 8, 8), dtype=np.uint8) + np.array([0, 20, 50], np.uint8)[:, None, None]
    return Images("noise", x, rng.integers(0, 5, n), tuple("abcde"))


@pytest.fixture(scope="module")
def data() -> Split:
    return load_split(noise(), train_size=200, val_size=60, split_seed=4, device=torch.device("cpu"))


def pixels(data: Split, x: torch.Tensor) -> torch.Tensor:
    """Back from normalized values to 0..255."""
    return (x * data.std + data.mean).round().to(torch.uint8)


def rows(x: torch.Tensor) -> list[bytes]:
    return [image.contiguous().numpy().tobytes() for image in x]


def test_normalization_is_of_the_training_part(data: Split) -> None:
    train = data.x_train.numpy().astype(np.float64)
    np.testing.assert_allclose(data.mean.flatten().numpy(), train.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(data.std.flatten().numpy(), train.std((0, 2, 3)), rtol=1e-6)
    x = torch.cat([x for x, _ in validation_batches(data, data.n_val)])
    assert x.dtype == torch.float32
    assert x[:32].is_contiguous(memory_format=torch.channels_last)
    expected = (data.x_val.numpy() - train.mean((0, 2, 3))[:, None, None]) / train.std((0, 2, 3))[
        :, None, None
    ]
    np.testing.assert_allclose(x.numpy(), expected, atol=1e-5)


def test_chance_is_the_share_of_the_most_frequent_class(data: Split) -> None:
    assert data.chance == np.bincount(data.y_val.numpy()).max() / 60


def test_an_epoch_has_whole_batches_of_different_images_with_their_labels(data: Split) -> None:
    label_of = dict(zip(rows(data.x_train), data.y_train.tolist(), strict=True))
    seen: list[bytes] = []
    for x, y in batches(data, PLAIN, seed=1, epoch=1):
        assert x.shape == (32, 3, 8, 8)
        images = rows(pixels(data, x))
        assert [label_of[image] for image in images] == y.tolist()
        seen += images
    assert len(seen) == len(set(seen)) == 192 == 32 * steps_per_epoch(data, PLAIN)


def test_order_depends_on_seed_and_epoch_and_nothing_else(data: Split) -> None:
    def first(seed: int, epoch: int) -> bytes:
        torch.rand(7)  # torch's global random state does not matter
        return next(batches(data, Recipe(batch_size=32), seed=seed, epoch=epoch))[0].numpy().tobytes()

    assert first(1, 1) == first(1, 1)
    assert len({first(1, 1), first(1, 2), first(2, 1), first(2, 2)}) == 4


def test_augmented_images_are_the_same_images_moved(data: Split) -> None:
    """Each one is found among all shifts by up to 2 pixels, mirrored and not; every kind occurs."""
    recipe = Recipe(batch_size=50, flip=True, crop=2)
    framed = np.pad(data.x_train.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)))
    kinds = {}
    for dy in range(5):
        for dx in range(5):
            cut = framed[:, :, dy : dy + 8, dx : dx + 8]
            for i in range(200):
                kinds[cut[i].tobytes()] = (dy, dx, False, i)
                kinds[np.ascontiguousarray(cut[i, :, :, ::-1]).tobytes()] = (dy, dx, True, i)
    found = []
    for epoch in (1, 2, 3):
        for x, _ in batches(data, recipe, seed=9, epoch=epoch):
            found += [kinds[image] for image in rows(pixels(data, x))]
    assert len({kind[:3] for kind in found}) == 50
    assert 0.4 < np.mean([kind[2] for kind in found]) < 0.6
    assert {i for *_, i in found[:200]} == set(range(200))


def test_a_constant_channel_stays_finite() -> None:
    images = noise()
    images.x[:, 1] = 77
    data = load_split(images, train_size=None, val_size=10, split_seed=0, device=torch.device("cpu"))
    assert all(x.isfinite().all() for x, _ in batches(data, PLAIN, seed=0, epoch=1))


def test_a_batch_larger_than_the_training_part_is_refused(data: Split) -> None:
    with pytest.raises(SettingError, match="larger than the training part"):
        steps_per_epoch(data, Recipe(batch_size=201))


def test_too_few_images_are_refused() -> None:
    with pytest.raises(DataError, match="only 300 images"):
        load_split(noise(), train_size=250, val_size=60, split_seed=0, device=torch.device("cpu"))


@pytest.mark.parametrize("recipe", [PLAIN, Recipe(batch_size=32, flip=True, crop=2)])
def test_c_and_torch_give_the_same_bits(data: Split, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def everything() -> list[torch.Tensor]:
        parts = [*batches(data, recipe, seed=1, epoch=1), *validation_batches(data, data.n_val)]
        return [t for part in parts for t in part]

    ours = everything()
    monkeypatch.setattr("nas.training.loader.prepared", lambda *_: None)
    assert all(torch.equal(a, b) for a, b in zip(ours, everything(), strict=True))
