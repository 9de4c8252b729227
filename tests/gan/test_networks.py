"""The networks: circular time, modulation, both pairs of GANs, and the augmentation."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.controls import CONTROLS
from gan.mel import FRAMES_PER_COLUMN, N_BANDS, from_db, measure_controls, to_db
from gan.networks import N_COLUMNS, NETWORKS, Generator, Latents, diff_augment
from gan.request import GenerationRequest
from tests.support.generators import load_untrained

GENRES = 4


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(1)
    generator = Generator(GENRES).eval()
    torch.nn.init.normal_(generator.to_mel.weight, std=0.3)
    return generator


def latents(columns: int = N_COLUMNS, count: int = 2, seed: int = 0) -> Latents:
    rng = torch.Generator().manual_seed(seed)
    genres = torch.eye(GENRES)[torch.arange(count) % GENRES]
    return Latents.draw(genres, torch.randn(count, len(CONTROLS), generator=rng), rng, columns)


@torch.inference_mode()
def paint(generator: Generator, latents_: Latents) -> Tensor:
    return generator(latents_)


@pytest.mark.parametrize("columns", [1, N_COLUMNS, 9])
def test_any_number_of_columns(columns: int, generator: Generator) -> None:
    generated = paint(generator, latents(columns))
    assert generated.shape == (2, N_BANDS, columns * FRAMES_PER_COLUMN)
    assert generated.abs().max() <= 1 and generated.std() > 0.01


def test_time_is_a_circle(generator: Generator) -> None:
    """Rolling what happens by a column rolls the music, and nothing else."""
    before = latents(6)
    after = Latents(before.style, before.local.roll(1, dims=2), before.genres, before.controls)
    torch.testing.assert_close(
        paint(generator, after), paint(generator, before).roll(FRAMES_PER_COLUMN, dims=2), atol=1e-4, rtol=0
    )


@torch.inference_mode()
def test_a_changing_style_rolls_too(generator: Generator) -> None:
    styles = latents(6, count=6)  # each is the style of a column
    style_vector, local = generator.style_vector(styles)[None], styles.local[:1]
    torch.testing.assert_close(
        generator.synthesize(style_vector.roll(2, dims=1), local.roll(2, dims=2)),
        generator.synthesize(style_vector, local).roll(2 * FRAMES_PER_COLUMN, dims=2),
        atol=1e-4,
        rtol=0,
    )


@torch.inference_mode()
def test_a_moment_is_decided_by_its_neighbourhood(generator: Generator) -> None:
    points = latents(12, count=1)
    before = paint(generator, points)
    points.local[:, :, 6] += 3.0
    change = (paint(generator, points) - before).abs().amax(dim=(0, 1)).reshape(12, -1).amax(dim=1)
    assert change[6] > 0.01
    assert change[[0, 1, 2, 3, 9, 10, 11]].max() < 1e-5


def test_no_seams_in_long_music(tmp_path) -> None:
    """From column to column the level changes no more than within them."""
    mel = load_untrained(tmp_path).generate_mel(GenerationRequest({"jazz": 1.0}, seconds=30, seed=1))
    change = np.abs(np.diff(mel, axis=1)).mean(axis=0)
    places = (np.arange(len(change)) + 1) % FRAMES_PER_COLUMN
    assert change[places == 0].mean() < 2 * change[places != 0].mean()


@torch.inference_mode()
@pytest.mark.parametrize("part", ["style", "local", "genres", "controls"])
def test_every_part_of_the_latent_matters(part: str, generator: Generator) -> None:
    one, other = latents(seed=0), latents(seed=1)
    values = {name: getattr(one, name) for name in ("style", "local", "genres", "controls")}
    values[part] = getattr(other, part).roll(1, dims=0)
    assert (paint(generator, Latents(**values)) - paint(generator, one)).abs().max() > 1e-3


@pytest.mark.parametrize("network", NETWORKS)
def test_both_pairs_learn(network: str) -> None:
    """One step of descent for each side moves every weight that it has."""
    torch.manual_seed(0)
    make_generator, make_discriminator = NETWORKS[network]
    generator, discriminator = make_generator(GENRES), make_discriminator(GENRES)
    points = latents(count=3)
    generated = generator(points)
    real, guess = discriminator(generated, points.genres, points.controls)
    assert real.shape == (3,) and guess.shape == (3, GENRES)
    (real.square().sum() + guess.square().sum() + real.sum()).backward()
    for side in (generator, discriminator):
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in side.parameters())


def test_diff_augment_is_differentiable_and_bounded() -> None:
    pictures = (torch.rand(4, N_BANDS, 128) * 2 - 1).requires_grad_()
    augmented = diff_augment(pictures, torch.Generator().manual_seed(0))
    assert augmented.shape == pictures.shape and augmented.abs().max() < 1.4
    augmented.square().sum().backward()
    share = (pictures.grad != 0).float().mean()
    assert 0.4 < share < 1  # a rectangle and the borders are hidden
    torch.testing.assert_close(augmented, diff_augment(pictures, torch.Generator().manual_seed(0)))


def test_decibels_and_back() -> None:
    values = torch.linspace(-1, 1, 50)
    torch.testing.assert_close(from_db(to_db(values)), values)
    assert to_db(torch.tensor([-1.0, 1.0])).tolist() == [-80, 0]


def test_controls_are_what_they_say() -> None:
    dark = torch.full((1, N_BANDS, 64), -1.0)
    dark[:, :20] = 0.5
    bright = dark.flip(1)
    loud = dark + 0.3
    busy = dark.clone()
    busy[:, :20, ::8] = 1.0
    energy, brightness, density = measure_controls(torch.cat([dark, bright, loud, busy])).T
    assert energy[2] > energy[0] and brightness[1] > brightness[0] and density[3] > density[0]
