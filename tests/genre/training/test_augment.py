"""Each random change does what it says, draws from its generator alone and keeps the shape."""

from dataclasses import fields, replace

import pytest
import torch

from genre.models.recipe import Augmentation
from genre.training.augment import augment, crop, limit_bands, mask, mixup, random_equalise, shift_pitch

ALL = Augmentation(
    crop_frames=32,
    stretch=0.2,
    pitch_bands=3,
    equaliser_db=6,
    renormalize=0.5,
    noise_floor=0.5,
    noise=0.01,
    gain_db=3,
    mask_bands=8,
    mask_frames=6,
    band_limit=0.5,
    phone=0.5,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(size: int = 6, bands: int = 40, frames: int = 50) -> torch.Tensor:
    return torch.rand(size, bands, frames, generator=generator(99))


def test_nothing_is_changed_by_default():
    batch = pictures()
    assert torch.equal(augment(batch, Augmentation(), 40.0, generator()), batch)


def test_same_generator_same_result_and_global_chance_untouched():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = augment(pictures(), ALL, 40.0, generator(5))
    again = augment(pictures(), ALL, 40.0, generator(5))
    other = augment(pictures(), ALL, 40.0, generator(6))
    assert first.shape == (6, 40, 32)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", [f.name for f in fields(Augmentation) if f.name != "mixup"])
def test_every_setting_has_an_effect(name):
    base = replace(ALL, stretch=0.0) if name == "stretch" else Augmentation()
    base = replace(base, crop_frames=32) if name == "stretch" else base
    setting = replace(base, **{name: getattr(ALL, name)})
    plain, changed = (augment(pictures(), how, 40.0, generator(3)) for how in (base, setting))
    assert plain.shape != changed.shape or not torch.equal(plain, changed)


def test_values_stay_in_the_inputs_own_range():
    batch = pictures()
    changed = augment(batch, ALL, 40.0, generator(2))
    assert changed.isfinite().all()
    assert changed.min() >= batch.min() - 1e-6


def test_crop_keeps_order_and_reaches_everywhere():
    ramp = torch.arange(100.0).expand(200, 4, 100)
    cut = crop(ramp, 20, 0.3, generator())
    assert (cut.diff(dim=2) >= 0).all()
    assert cut.min() == 0 and cut.max() >= 98
    span = cut[:, 0, -1] - cut[:, 0, 0]
    assert span.min() < 17 and span.max() > 22  # faster and slower


def test_pitch_moves_a_tone_by_no_more_than_asked():
    tone = torch.zeros(100, 40, 5)
    tone[:, 20] = 1.0
    place = (shift_pitch(tone, 3.0, generator())[:, :, 0] * torch.arange(40.0)).sum(1)
    assert (place - 20).abs().max() <= 3.0 and (place - 20).abs().max() > 2


def test_equaliser_is_smooth_and_the_same_at_every_moment():
    curve = random_equalise(torch.zeros(50, 40, 7), 0.1, generator())
    assert torch.allclose(curve, curve[:, :, :1].expand_as(curve))
    assert curve.diff(n=2, dim=1).abs().max() < curve.abs().max()


@pytest.mark.parametrize("axis", [1, 2])
def test_mask_blanks_one_stripe_with_the_mean(axis):
    batch = pictures()
    changed = mask(batch, axis, 10, generator(4)) != batch
    stripes = changed.any(dim=3 - axis)
    assert stripes.any() and (stripes.sum(dim=1) <= 10).all()
    assert ((stripes.int().diff(dim=1) != 0).sum(dim=1) <= 2).all()  # in one piece


def test_mixup_blends_targets_as_it_blends_inputs():
    batch, targets = torch.eye(8), torch.eye(8)
    mixed, blended = mixup(batch, targets, 0.4, generator(7))
    assert torch.allclose(mixed, blended)
    assert torch.allclose(blended.sum(dim=1), torch.ones(8))
    assert not torch.equal(mixed, batch)


def test_a_small_microphone_takes_bass_and_treble() -> None:
    """Noise that is alike in all bands comes out quieter at both ends, and the loudest point is 1."""
    batch = torch.full((64, 128, 20), 0.8)
    limited = limit_bands(batch, 1.0, 60.0, generator())
    assert torch.allclose(limited.amax(dim=(1, 2)), torch.ones(64))
    profile = limited.mean(dim=(0, 2))
    assert profile[0] < profile[40] - 0.2 and profile[-1] < profile[40] - 0.05
    assert limited.min() >= 0
    some = limit_bands(batch, 0.25, 60.0, generator())
    assert 4 <= sum(not torch.equal(a, b) for a, b in zip(some, batch, strict=True)) <= 30
