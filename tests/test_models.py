"""The model zoo: the papers' own numbers hold, every network learns, every model comes back."""

import json
from inspect import signature

import numpy as np
import pytest
import torch

from genre import models as registry
from genre.home import REPOSITORY
from genre.models import MODELS, ModelSpec, classical, count_parameters, find

NETWORKS = [name for name, spec in MODELS.items() if spec.kind == "network"]
CLASSICAL = [name for name, spec in MODELS.items() if spec.kind == "classical"]
WIDE = {"resnet18": {"width": 8}, "res-bigru": {"width": 8}}  # options that keep the tests quick

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
    ("linear", "mel"): (64, 100), ("cnn-dawra", "mel"): (100, 150), ("prcnn", "stft"): (513, 128),
    ("cnn-cao", "mel"): (128, 599), ("bigru", "mel"): (128, 130), ("bigru", "stft"): (1025, 130),
    ("lstm", "features"): (58, 1), ("knn", "raw"): (66_150,), ("forest", "features"): (58,),
    ("resnet18", "mel3s"): (128, 130), ("listen", "pictures"): (128, 334),
}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def build(name: str, kind: str | None = None, n_classes: int = 10, **options):
    spec = MODELS[name]
    return spec.build(spec.input(kind).shape, n_classes, **(WIDE.get(name, {}) | options))


def logits_of(network: torch.nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """(B, classes); of a committee, the mean of its members' logits."""
    logits = network(inputs)
    return logits.mean(dim=1) if logits.ndim == 3 else logits


# The registry


def test_every_published_system_is_there_with_its_figures():
    assert {
        name: {kind: said.figure for kind, said in spec.published.items()}
        for name, spec in MODELS.items() if spec.published
    } == {name: said for name, said in PUBLISHED.items() if said}


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_an_entry_is_complete(spec: ModelSpec):
    assert spec.source and spec.description.endswith(".")
    assert set(spec.published) <= set(spec.inputs)
    assert all(said.protocol for said in spec.published.values())
    for kind, wanted in spec.inputs.items():
        assert wanted.kind == kind
        assert kind in ("raw", "stft", "mel", "features", "pictures", "mel3s", "excerpts")
        samples = int(wanted.seconds * 22_050)
        if kind == "raw":
            assert wanted.shape == (samples,)
        if kind in ("mel", "stft"):
            bands = wanted.n_mels if kind == "mel" else wanted.n_fft // 2 + 1
            assert wanted.shape[0] == bands
            assert 0 <= 1 + samples // wanted.hop_length - wanted.shape[1] <= 4


def test_inputs_have_the_papers_sizes():
    assert {key: MODELS[key[0]].input(key[1]).shape for key in SHAPES} == SHAPES


def test_wrong_names_are_answered_with_a_sentence():
    with pytest.raises(ValueError, match="There is no model 'vgg'; there are: knn, svm"):
        find("vgg")
    with pytest.raises(ValueError, match="lstm does not take the input 'mel'; it takes features"):
        find("lstm").input("mel")
    with pytest.raises(ValueError, match="knn has no option width; it has: k"):
        find("knn").build((58,), 10, width=3)
    with pytest.raises(ValueError, match="too small"):
        find("cnn-simple").build((8, 8), 10)


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


def test_dawras_map_has_the_published_size():
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
def test_a_network_learns_one_batch_by_heart(name):
    spec = MODELS[name]
    options = {"dropout": 0.0} if "dropout" in signature(spec.builder).parameters else {}
    learn_by_heart(build(name, n_classes=4, **options), spec.input().shape)


def learn_by_heart(network: torch.nn.Module, shape: tuple[int, ...]) -> None:
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


def test_the_readme_shows_a_model_that_holds():
    """The class and the registry line that README gives to whoever adds a model."""
    the_class, the_line = (
        part.split("```")[0] for part in (REPOSITORY / "README.md").read_text().split("```python")[1:])
    known = {**vars(registry), "torch": torch, "nn": torch.nn, "Tensor": torch.Tensor}
    exec(the_class, known)
    spec = eval(the_line.strip().rstrip(","), known)
    test_an_entry_is_complete(spec)
    learn_by_heart(spec.build(spec.input().shape, 4), spec.input().shape)


def test_a_feature_that_is_the_same_for_all_says_nothing():
    """Windows of one length all have the same "length": the rounding of its mean is not to be heard."""
    norm = build("lstm", hidden=[4, 4, 4]).norm
    features = 1e-3 * torch.randn(600, 128, 58, 1)
    features[:, :, 0] = 661_500.0
    for batch in features:
        learning = norm(batch)
    told = norm.eval()(batch)
    assert (learning[:, 0] == 0).all() and (told[:, 0] == 0).all()
    assert told[:, 1:].std() == pytest.approx(1, abs=0.05)  # small ones count like any


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_come_back_with_the_same_answers(name):
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
    unseen, _ = examples((58,), n_classes, seed=1)
    model = MODELS[name].build((58,), n_classes).fit(inputs, labels)
    arrays, config = classical.save(model)
    assert all(array.dtype != object for array in arrays.values())
    again = classical.load(arrays, json.loads(json.dumps(config)))
    for part in (inputs, unseen):
        expected = classical.probabilities(model, part, n_classes)
        np.testing.assert_allclose(
            classical.probabilities(again, part, n_classes), expected, atol=1e-6
        )
        np.testing.assert_allclose(expected.sum(axis=1), 1.0, atol=1e-6)
        np.testing.assert_array_equal(again.predict(part), model.predict(part))


@pytest.mark.parametrize("name", CLASSICAL)
def test_classes_that_were_never_seen_get_no_share(name):
    inputs, labels = examples((58,), 3)
    model = MODELS[name].build((58,), 6).fit(inputs, labels * 2)  # 0, 2, 4 of six
    again = classical.load(*classical.save(model))
    shares = classical.probabilities(again, inputs, 6)
    np.testing.assert_allclose(shares, classical.probabilities(model, inputs, 6), atol=1e-6)
    assert not shares[:, [1, 3, 5]].any()


@pytest.mark.parametrize("kind", ["raw", "stft", "mel", "pictures", "mel3s"])
@pytest.mark.parametrize("name", ["knn", "svm"])
def test_large_inputs_are_summarised(name, kind):
    shape = MODELS[name].input(kind).shape
    inputs, labels = examples(shape, 3, per_class=4)
    options = {"k": 3} if name == "knn" else {}
    model = MODELS[name].build(shape, 3, **options).fit(inputs, labels)
    arrays, config = classical.save(model)
    assert max(array.size for array in arrays.values()) <= 1024 * len(inputs)
    expected = classical.probabilities(model, inputs, 3)
    again = classical.load(arrays, config)
    np.testing.assert_allclose(classical.probabilities(again, inputs, 3), expected, atol=1e-5)


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
    shares = classical.probabilities(model, inputs, 3) * k
    np.testing.assert_allclose(shares, shares.round(), atol=1e-9)


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_damaged_classical_file_is_refused(name):
    inputs, labels = examples((58,), 3)
    arrays, config = classical.save(MODELS[name].build((58,), 3).fit(inputs, labels))
    for missing in arrays:
        with pytest.raises(ValueError, match="train it again"):
            classical.load({k: v for k, v in arrays.items() if k != missing}, config)
    with pytest.raises(ValueError, match="train it again"):
        classical.load(arrays, config | {"kind": "stump"})
    with pytest.raises(ValueError, match="train it again"):
        classical.load(arrays, config | {"classes": [0]})


def test_a_forest_that_would_walk_in_circles_is_refused():
    inputs, labels = examples((58,), 3)
    arrays, config = classical.save(MODELS["forest"].build((58,), 3, trees=2).fit(inputs, labels))
    circle = arrays["children"].copy()
    circle[0, circle[0].argmax()] = 0
    with pytest.raises(ValueError, match="train it again"):
        classical.load(arrays | {"children": circle}, config)


def test_only_our_own_pipelines_are_saved():
    from sklearn.linear_model import LogisticRegression

    inputs, labels = examples((58,), 3)
    with pytest.raises(TypeError, match="LogisticRegression"):
        classical.save(classical._pipeline(LogisticRegression()).fit(inputs, labels))
