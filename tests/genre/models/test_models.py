"""The registry: the papers' own numbers hold, every network learns, every model comes back."""

import json
from inspect import signature
from textwrap import dedent

import numpy as np
import pytest
import torch

from genre.models import classical, registry
from genre.models.registry import MODELS, ModelSpec, count_parameters, find_model
from genre.paths import REPOSITORY

NETWORKS = [name for name, spec in MODELS.items() if spec.kind == "network"]
CLASSICAL = [name for name, spec in MODELS.items() if spec.kind == "classical"]
WIDE = {"resnet18": {"width": 8}, "res-bigru": {"width": 8}}  # options that make the tests quick

PUBLISHED = {
    "knn": {"raw": "0.25", "stft": "0.67", "mel": "0.66", "features": "0.55"},
    "svm": {"raw": "0.12", "stft": "0.69", "mel": "0.65", "features": "0.57"},
    "forest": {"features": "0.81"},
    "linear": {"mel": "0.505"},
    "cnn-simple": {"mel": "0.545"},
    "cnn-complex": {"mel": "0.625"},
    "cnn-dawra": {"mel": "0.705"},
    "prcnn": {"stft": "0.37"},
    "lstm": {"features": "0.3345 to 0.9178"},
    "cnn-zhang": {"stft": "0.61", "mel": "0.66"},
    "bigru": {"stft": "0.71", "mel": "0.78"},
    "resnet18": {"stft": "0.70", "mel": "0.87"},
    "res-bigru": {"stft": "0.86", "mel": "0.90"},
    "cnn-cao": {"mel": "F1 0.78"},
    "listen": {},
}
SHAPES = {
    ("linear", "mel"): (64, 100),
    ("cnn-dawra", "mel"): (100, 150),
    ("prcnn", "stft"): (513, 128),
    ("cnn-cao", "mel"): (128, 599),
    ("bigru", "mel"): (128, 130),
    ("bigru", "stft"): (1025, 130),
    ("lstm", "features"): (58, 1),
    ("knn", "raw"): (66_150,),
    ("forest", "features"): (58,),
    ("resnet18", "mel_3s_zscored"): (128, 130),
    ("listen", "mel_30s"): (128, 334),
}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def build(name: str, kind: str | None = None, n_classes: int = 10, **options):
    spec = MODELS[name]
    return spec.build(spec.input(kind).shape, n_classes, **(WIDE.get(name, {}) | options))


def logits_of(network: torch.nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """(B, classes); of an ensemble, the mean of its members' logits."""
    logits = network(inputs)
    return logits.mean(dim=1) if logits.ndim == 3 else logits


# The registry


def test_every_published_model_is_there_with_its_accuracy():
    assert {
        name: {kind: result.figure for kind, result in spec.published.items()}
        for name, spec in MODELS.items()
        if spec.published
    } == {name: figures for name, figures in PUBLISHED.items() if figures}


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_an_entry_is_complete(spec: ModelSpec):
    assert spec.source and spec.description.endswith(".")
    assert set(spec.published) <= set(spec.inputs)
    assert all(result.protocol for result in spec.published.values())
    for kind, input_spec in spec.inputs.items():
        assert input_spec.kind == kind
        assert kind in ("raw", "stft", "mel", "features", "mel_30s", "mel_3s_zscored", "mel_3s")
        samples = int(input_spec.seconds * 22_050)
        if kind == "raw":
            assert input_spec.shape == (samples,)
        if kind in ("mel", "stft"):
            bands = input_spec.n_mels if kind == "mel" else input_spec.n_fft // 2 + 1
            assert input_spec.shape[0] == bands
            assert 0 <= 1 + samples // input_spec.hop_length - input_spec.shape[1] <= 4


def test_inputs_have_the_papers_sizes():
    assert {key: MODELS[key[0]].input(key[1]).shape for key in SHAPES} == SHAPES


def test_wrong_names_are_rejected_with_a_sentence():
    with pytest.raises(ValueError, match="There is no model 'vgg'; there are: knn, svm"):
        find_model("vgg")
    with pytest.raises(ValueError, match="lstm does not take the input 'mel'; it takes features"):
        find_model("lstm").input("mel")
    with pytest.raises(ValueError, match="knn has no option width; it has: k"):
        find_model("knn").build((58,), 10, width=3)
    with pytest.raises(ValueError, match="too small"):
        find_model("cnn-simple").build((8, 8), 10)


# Networks


@pytest.mark.parametrize(
    ("name", "expected"),
    [("linear", 64_010), ("cnn-simple", 15_610), ("cnn-complex", 59_114), ("lstm", 511_370)],
)
def test_published_parameter_counts_hold(name, expected):
    assert count_parameters(build(name)) == expected


def test_resnet18_has_the_parameters_of_the_original():
    # 11,689,512 on colour and 1,000 classes, less two colours of the stem and the larger last layer
    expected = 11_689_512 - 2 * 64 * 49 - 513 * 1000 + 513 * 10
    assert count_parameters(build("resnet18", width=64)) == expected


def test_dawras_feature_map_has_the_published_size():
    network = build("cnn-dawra")
    assert network.trunk(torch.zeros(1, 1, 100, 150)).shape == (1, 16, 23, 35)


def test_prcnn_joins_two_parts_of_256_values():
    assert build("prcnn").head[1].in_features == 512


def test_the_second_bias_of_the_lstm_stays_at_zero():
    network = build("lstm")
    network(torch.randn(4, 58, 1)).sum().backward()
    torch.optim.SGD(network.parameters(), 0.1).step()
    frozen = [p for name, p in network.named_parameters() if "bias_hh" in name]
    assert len(frozen) == 3
    assert all(not p.requires_grad and not p.any() for p in frozen)


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in NETWORKS for kind in MODELS[name].inputs]
)
def test_a_network_takes_each_of_its_inputs(name, kind):
    network = build(name, kind, n_classes=4).eval()
    with torch.inference_mode():
        logits = logits_of(network, torch.randn(2, *MODELS[name].input(kind).shape))
    assert logits.shape == (2, 4)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_forward_returns_logits_not_probabilities(name):
    network = build(name).eval()
    last = [m for m in network.modules() if isinstance(m, torch.nn.Linear)][-1]
    with torch.no_grad():
        last.bias += 5.0
        logits = logits_of(network, torch.randn(2, *MODELS[name].input().shape))
    assert (logits.sum(dim=1) > 10).all()  # neither softmax nor sigmoid could reach it


@pytest.mark.parametrize("name", NETWORKS)
def test_every_trainable_parameter_gets_a_gradient(name):
    network = build(name)
    logits = logits_of(network, torch.randn(4, *MODELS[name].input().shape))
    torch.nn.functional.cross_entropy(logits, torch.arange(4)).backward()
    for parameter_name, parameter in network.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, parameter_name
            assert torch.isfinite(parameter.grad).all(), parameter_name
            assert parameter.grad.any() or parameter.ndim == 1, parameter_name


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_overfits_one_batch(name):
    spec = MODELS[name]
    options = {"dropout": 0.0} if "dropout" in signature(spec.builder).parameters else {}
    overfit(build(name, n_classes=4, **options), spec.input().shape)


def overfit(network: torch.nn.Module, shape: tuple[int, ...]) -> None:
    network.to(memory_format=torch.channels_last)
    inputs = -40.0 + 20.0 * torch.randn(8, *shape)  # decibels, not standardised
    labels = torch.arange(8) % 4
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(80):
        loss = torch.nn.functional.cross_entropy(logits_of(network, inputs), labels)
        if loss < 0.1:
            break
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    assert loss < 0.1


def test_contributing_shows_a_model_that_works() -> None:
    """The class and the registry entry of CONTRIBUTING.md."""
    class_code, registry_line = (
        dedent(part.split("```")[0])
        for part in (REPOSITORY / "CONTRIBUTING.md").read_text().split("```python")[1:3]
    )
    namespace = {**vars(registry), "torch": torch, "nn": torch.nn, "Tensor": torch.Tensor}
    exec(class_code, namespace)
    spec = eval(registry_line.strip().rstrip(","), namespace)
    test_an_entry_is_complete(spec)
    overfit(spec.build(spec.input().shape, 4), spec.input().shape)


def test_a_constant_feature_is_normalized_to_zero():
    """Windows of one length all have the same "length": the rounding of its mean must not be magnified."""
    norm = build("lstm", hidden=[4, 4, 4]).norm
    features = 1e-3 * torch.randn(600, 128, 58, 1)
    features[:, :, 0] = 661_500.0
    for batch in features:
        in_training = norm(batch)
    in_use = norm.eval()(batch)
    assert (in_training[:, 0] == 0).all() and (in_use[:, 0] == 0).all()
    assert in_use[:, 1:].std() == pytest.approx(1, abs=0.05)  # small ones count like any


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_come_back_with_the_same_logits(name):
    inputs = torch.randn(3, *MODELS[name].input().shape)
    network = build(name)
    network(inputs)  # moves the running statistics, which must be saved too
    again = build(name)
    again.load_state_dict(network.state_dict())
    with torch.inference_mode():
        torch.testing.assert_close(network.eval()(inputs), again.eval()(inputs))


# Classical models


def examples(shape, n_classes: int, per_class: int = 12, seed: int = 0):
    """Clouds that overlap: (n, *shape) float32, labels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), per_class)
    centres = rng.standard_normal((n_classes, shape[0]) + (1,) * (len(shape) - 1))
    noise = rng.standard_normal((len(labels), *shape))
    return (centres[labels] + 1.5 * noise).astype(np.float32), labels


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("n_classes", [2, 5, 10])
def test_a_saved_classical_model_gives_the_same_probabilities(name, n_classes):
    inputs, labels = examples((58,), n_classes)
    test_inputs, _ = examples((58,), n_classes, seed=1)
    model = MODELS[name].build((58,), n_classes).fit(inputs, labels)
    arrays, config = classical.save(model)
    assert all(array.dtype != object for array in arrays.values())
    again = classical.load(arrays, json.loads(json.dumps(config)))
    for part in (inputs, test_inputs):
        expected = classical.class_probabilities(model, part, n_classes)
        np.testing.assert_allclose(classical.class_probabilities(again, part, n_classes), expected, atol=1e-6)
        np.testing.assert_allclose(expected.sum(axis=1), 1.0, atol=1e-6)
        np.testing.assert_array_equal(again.predict(part), model.predict(part))


@pytest.mark.parametrize("name", CLASSICAL)
def test_classes_without_an_example_get_no_probability(name):
    inputs, labels = examples((58,), 3)
    model = MODELS[name].build((58,), 6).fit(inputs, labels * 2)  # 0, 2, 4 of six
    again = classical.load(*classical.save(model))
    probabilities = classical.class_probabilities(again, inputs, 6)
    np.testing.assert_allclose(probabilities, classical.class_probabilities(model, inputs, 6), atol=1e-6)
    assert not probabilities[:, [1, 3, 5]].any()


@pytest.mark.parametrize("kind", ["raw", "stft", "mel", "mel_30s", "mel_3s_zscored"])
@pytest.mark.parametrize("name", ["knn", "svm"])
def test_large_inputs_are_summarised(name, kind):
    shape = MODELS[name].input(kind).shape
    inputs, labels = examples(shape, 3, per_class=4)
    options = {"k": 3} if name == "knn" else {}
    model = MODELS[name].build(shape, 3, **options).fit(inputs, labels)
    arrays, config = classical.save(model)
    assert max(array.size for array in arrays.values()) <= 1024 * len(inputs)
    expected = classical.class_probabilities(model, inputs, 3)
    again = classical.load(arrays, config)
    np.testing.assert_allclose(classical.class_probabilities(again, inputs, 3), expected, atol=1e-5)


def test_summaries():
    spectrogram = np.arange(2 * 300 * 7, dtype=np.float64).reshape(2, 300, 7)
    summary = classical.summarise(spectrogram)
    assert summary.shape == (2, 256)
    assert summary[0, 0] == pytest.approx(spectrogram[0, :2].mean())
    raw = np.random.default_rng(0).standard_normal((2, 2048))
    np.testing.assert_allclose(classical.summarise(raw), raw.reshape(2, 1024, 2).mean(axis=2))
    np.testing.assert_array_equal(classical.summarise(summary), summary)  # once is enough


@pytest.mark.parametrize("k", [10, 15, 20])
def test_knn_takes_the_published_neighbours(k):
    inputs, labels = examples((58,), 3)
    model = MODELS["knn"].build((58,), 3, k=k).fit(inputs, labels)
    counts = classical.class_probabilities(model, inputs, 3) * k
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_damaged_classical_model_is_rejected(name):
    inputs, labels = examples((58,), 3)
    arrays, config = classical.save(MODELS[name].build((58,), 3).fit(inputs, labels))
    for missing in arrays:
        with pytest.raises(ValueError, match="train it again"):
            classical.load({k: v for k, v in arrays.items() if k != missing}, config)
    with pytest.raises(ValueError, match="train it again"):
        classical.load(arrays, config | {"kind": "stump"})
    with pytest.raises(ValueError, match="train it again"):
        classical.load(arrays, config | {"classes": [0]})


def test_a_forest_with_a_cycle_is_rejected():
    inputs, labels = examples((58,), 3)
    arrays, config = classical.save(MODELS["forest"].build((58,), 3, trees=2).fit(inputs, labels))
    cyclic = arrays["children"].copy()
    cyclic[0, cyclic[0].argmax()] = 0
    with pytest.raises(ValueError, match="train it again"):
        classical.load(arrays | {"children": cyclic}, config)


def test_only_pipelines_of_the_registry_are_saved():
    from sklearn.linear_model import LogisticRegression

    inputs, labels = examples((58,), 3)
    with pytest.raises(TypeError, match="LogisticRegression"):
        classical.save(classical._pipeline(LogisticRegression()).fit(inputs, labels))
