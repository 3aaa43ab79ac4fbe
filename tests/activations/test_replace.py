"""Replacing activations in networks that are not ours: as torchvision, timm and torch itself write them."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import nas
from nas.activations.module import Activation
from nas.activations.replace import ChannelsLast, Shared
from nas.errors import ExpressionError, SettingError
from nas.symbolic.parse import parse


class BasicBlock(nn.Module):
    """As in torchvision: one ReLU module, called twice."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        change = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.downsample = change if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += identity
        return self.relu(out)


class Bottleneck(nn.Module):
    """As in torchvision: one ReLU for two widths."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(4 * width, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1), nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + x)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1, self.relu = (
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
        )
        self.layer1 = nn.Sequential(BasicBlock(8, 8), BasicBlock(8, 16, 2))
        self.layer2 = Bottleneck(4)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(self.relu(self.bn1(self.conv1(x)))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Block(nn.Module):
    """A transformer block as timm writes it: tokens [batch, tokens, channels]."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.fc1, self.act, self.drop, self.fc2 = (
            nn.Linear(dim, 12),
            nn.GELU(),
            nn.Dropout(0.3),
            nn.Linear(12, dim),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.fc2(self.drop(self.act(self.fc1(self.norm2(x)))))


def mlp() -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 5), nn.Dropout(), nn.ReLU(), nn.Linear(5, 2)
    )


IMAGES = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
TOKENS = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("old", ["relu", "ReLU", nn.ReLU])
def test_the_same_function_under_a_learned_form_changes_no_number(old: str | type[nn.Module]) -> None:
    """beta*max(x, 0) starts at beta = 1: every output and every gradient stays as it was."""
    model = ResNet().eval()
    expected = model(IMAGES)
    returned = nas.replace_activations(model, old, "beta*max(x, 0)", example=IMAGES)
    assert returned is model
    assert not any(isinstance(m, nn.ReLU) for m in model.modules())
    torch.testing.assert_close(model(IMAGES), expected)
    model(IMAGES).sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_parameters_are_sized_by_channel_and_shared_as_the_module_was() -> None:
    model = nas.replace_activations(ResNet(), "relu", "x*sigmoid(beta*x)", example=IMAGES)
    sizes = {name: p.numel() for name, p in model.named_parameters() if name.endswith("beta")}
    assert sizes == {
        "relu.beta": 8,
        "layer1.0.relu.beta": 8,
        "layer1.1.relu.beta": 16,
        "layer2.relu.of_channels.4.beta": 4,
        "layer2.relu.of_channels.16.beta": 16,
    }
    assert isinstance(model.layer2.relu, Shared)


def test_looking_leaves_no_trace() -> None:
    model = ResNet().train()
    model.bn1.eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.random.get_rng_state()
    nas.replace_activations(model, "relu", "beta*x", example=IMAGES)
    assert torch.equal(random, torch.random.get_rng_state())
    assert model.layer1.training
    assert not model.bn1.training
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in state.items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_tokens_have_their_channels_last() -> None:
    model = Block(6)
    nas.replace_activations(model, "gelu", "x*sigmoid(beta*x)", example=TOKENS)
    assert isinstance(model.act, ChannelsLast)
    assert model.act.activation.beta.shape == (12,)
    model.eval()
    with torch.no_grad():
        model.act.activation.beta.copy_(torch.linspace(0.5, 2, 12))
    hidden = torch.randn(2, 5, 12)
    torch.testing.assert_close(model.act(hidden), hidden * torch.sigmoid(torch.linspace(0.5, 2, 12) * hidden))
    assert torch.autograd.gradcheck(model.double().act, hidden.double().requires_grad_(), atol=1e-5)


def test_neighbors_in_a_sequential_need_no_example() -> None:
    model = nas.replace_activations(mlp(), "relu", "x*sigmoid(beta*x) + p[scalar]*x")
    assert [p.shape for n, p in model.named_parameters() if "beta" in n] == [(7,), (5,)]
    assert model(torch.randn(4, 3, 4)).shape == (4, 2)


def test_fixed_and_scalar_candidates_need_no_example() -> None:
    for candidate in ("gelu", parse("tanh(x)"), "x*sigmoid(beta[scalar]*x)"):
        model = nas.replace_activations(ResNet(), "relu", candidate)
        assert model(IMAGES).shape == (2, 10)
        assert sum(isinstance(m, Activation) for m in model.modules()) == 4


def test_the_number_of_places_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="nas"):
        nas.replace_activations(ResNet(), "relu", "gelu")
    assert "replaced 4 places: relu, layer1.0.relu, layer1.1.relu, layer2.relu" in caplog.text


@pytest.mark.parametrize("by_name", [False, True])
def test_torchs_own_encoder_in_training_and_on_its_fast_path(by_name: bool) -> None:
    """Its activation may be a function, and in evaluation it computes a ReLU that it remembers."""
    layer = nn.TransformerEncoderLayer(
        6, 2, 12, activation=F.relu if by_name else nn.ReLU(), batch_first=True
    )
    model = nn.TransformerEncoder(layer, 2)
    nas.replace_activations(model, "relu", "x*sigmoid(beta*x)", example=TOKENS)
    assert [p.shape for n, p in model.named_parameters() if "beta" in n] == [(12,), (12,)]
    reference = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(6, 2, 12, activation=F.silu, batch_first=True),
        2,
        enable_nested_tensor=False,
    )
    reference.load_state_dict({n: p for n, p in model.state_dict().items() if "beta" not in n})
    padding = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    for mode in (True, False):
        for module in (model, reference):
            module.train(mode)
            for part in module.modules():
                if isinstance(part, nn.Dropout | nn.MultiheadAttention):
                    part.eval()
        with torch.no_grad():
            for options in ({}, {"src_key_padding_mask": padding}):
                got, expected = (m(TOKENS, **options)[:, :3] for m in (model, reference))
                torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)


def test_names_go_by_what_a_module_computes() -> None:
    model = nn.Sequential(
        nn.LeakyReLU(0.01),
        nn.LeakyReLU(0.2),
        nn.GELU(),
        nn.GELU("tanh"),
        nn.ReLU6(),
        nn.PReLU(),
        nn.Softmax(0),
    )
    for name, place in (("leaky_relu", 0), ("gelu", 2), ("relu6", 4), ("prelu", 5), ("max(x, 0.2*x)", 1)):
        changed = nas.replace_activations(nn.Sequential(*model), name, "tanh")
        assert [isinstance(m, Activation) for m in changed] == [i == place for i in range(7)], name


def test_one_of_ours_can_be_replaced_and_the_model_may_be_one() -> None:
    model = nas.replace_activations(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), "relu", "swish")
    nas.replace_activations(model, "swish", "tanh")
    assert model[1].activation.expression == parse("tanh(x)")
    assert isinstance(nas.replace_activations(nn.ReLU(), "relu", "tanh"), Activation)


class Functional(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


@pytest.mark.parametrize(
    ("model", "old", "candidate", "example", "word"),
    [
        (nn.Sequential(nn.Linear(2, 3), Functional()), "relu", "tanh", None, "F.relu(x)"),
        (ResNet(), "gelu", "tanh", None, "4 ReLU"),
        (ResNet(), nn.SiLU, "tanh", None, "SiLU"),
        (ResNet(), "relu", "beta*x", None, "example=torch.randn"),
        (nn.Sequential(nn.Flatten(), nn.ReLU()), "relu", "beta*x", None, "beta[scalar]"),
        (nn.Sequential(nn.ReLU()), "relu", "beta*x", torch.randn(2, 3, 4), "which axis"),
    ],
)
def test_what_cannot_be_done_is_explained(
    model: nn.Module, old: str | type[nn.Module], candidate: str, example: Tensor | None, word: str
) -> None:
    before = str(model)
    with pytest.raises(SettingError) as caught:
        nas.replace_activations(model, old, candidate, example=example)
    assert word in str(caught.value)
    assert str(model) == before


def test_a_place_that_the_example_does_not_reach() -> None:
    model = nn.ModuleDict({"used": nn.Sequential(nn.Linear(2, 3), nn.ReLU()), "unused": nn.ReLU()})
    model.forward = lambda x: model["used"](x)
    with pytest.raises(SettingError, match="does not come to unused"):
        nas.replace_activations(model, "relu", "beta*x", example=torch.randn(4, 2))


def test_unknown_names_suggest_near_ones() -> None:
    with pytest.raises(ExpressionError, match="relu"):
        nas.replace_activations(nn.ReLU(), "reluu", "tanh")


def test_import_nas_needs_no_torch() -> None:
    code = "import nas, sys; assert 'torch' not in sys.modules; assert not hasattr(nas, 'nothing')"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_parameters_lie_where_the_model_lies() -> None:
    model = nn.Sequential(nn.Linear(3, 5), nn.ReLU()).to("meta")
    nas.replace_activations(model, "relu", "x*sigmoid(beta*x)")
    assert {p.device.type for p in model.parameters()} == {"meta"}
