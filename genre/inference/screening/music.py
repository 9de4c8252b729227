"""Screening of sound without music: silence, noise, sustained and gliding tones, and speech.

The network knows only ten genres, so it would name one for a vacuum cleaner too, and hip-hop for most speech.
Before the network runs, the spectrum is measured:

- the level;
- the change of the spectral shape, which is large with every note of music, and small in noise, hum and
  sustained tones even if their level changes;
- the part of the power in one tone, which in a siren is all of it;
- the flatness of the spectrum, which for files without sound, played as sound, is nearly that of white noise;
- the modulation of the level, which in speech has syllables and pauses and no beat.
"""

import numpy as np
import torch
from scipy.ndimage import uniform_filter1d
from torch import Tensor

BAND_AUDIBLE_DB = 30.0  # bands further below the loudest one are ignored
BLOCK_FRAMES = 6  # frames averaged before comparing: half a second of a picture's columns
LOWEST_BAND = 2  # mel bands below about 50 Hz hold rumble, which wanders in any noise
WIDE_BANDS = 14
QUIET_DB = 20.0  # blocks this far below the loudest one, and those beside them, are left out
# The spectral change in dB below which a sound is stationary, by its length in s. Of the 639 GTZAN pictures
# the least is 0.87 in 30 s, and 0.5 % of 3 s excerpts lie below 0.47; white, pink and brown noise,
# swelling or not, measure at most 0.42 in 30 s and 0.48 in 3 s.
STATIONARY_DB = {1.0: 0.3, 3.0: 0.5, 15.0: 0.7}

# A gliding tone has nearly all its power within two bands of the loudest, in nine frames of ten, and its
# level moves little from one frame to the next. 33 chirps and sirens of 3 to 30 s measure at least 0.97 and
# at most 0.7 dB. Of 404 recordings of GTZAN and 475 of other collections, 3, 10 and 30 s of each, 7 measure
# more than 0.8, and none of these less than 6.9 dB.
TONE_BANDS = 2
TONE_POWER = 0.93
TONE_STEP_DB = 2.0
# The flatness (geometric over arithmetic mean) of the median frame above which a sound is noise. 24 of 26
# pieces of machine code, as samples of 8 and 16 bits, measure 0.58 to 0.88, and white noise 0.9. The same 879
# recordings measure at most 0.33, and with white noise 5 dB below the music at most 0.48.
NOISE_FLATNESS = 0.57

PICTURE_DB = 40.0  # depth of a picture below its loudest point
AROUND_FRAMES = 11  # frames in about a second around a frame, to whose level pauses are compared
PAUSE = 0.5  # amplitude of a pause relative to that around it (Saunders; Scheirer and Slaney)
BEAT_FRAMES = range(3, 24)  # 0.27 to 2.1 s from one beat to the next or the one after
# The dB of jumps that count as much as the fraction of pauses, or the absence of a beat, rising from 0 to 1.
# A linear discriminant of 32 takes of synthetic speech (clean, in rooms and through microphones) against
# GTZAN's train list gave 15 to 21 for either, for any length.
BALANCE_DB = 18.0
# The score above which a sound is speech, by its length in s. Of GTZAN's train list it rejects 1 of 236
# recordings and 3 of 442 pictures of 30 s, 6 of 707 and 6 of 1,326 pieces of 10 s, all but four of them
# hip-hop and reggae. It rejects all speech of 10 s, and 97 % of speech in a room with noise 20 dB below.
SPEECH_DB = {3.0: 9.5, 5.0: 9.2, 10.0: 8.8, 30.0: 7.8}
# No prediction is confident for a score less than this below the limit. There lie the 14 of 280 takes of
# speech through phones that are not above the limit, and up to 3 % of the recordings of GTZAN's train list,
# by length.
DOUBTFUL_DB = 2.5


def spectral_change(power: Tensor) -> float:
    """Measure the change of the spectrum's shape: (bands, frames) mel power -> mean deviation in dB.

    The level is divided out of each frame, so that a swelling noise counts as stationary, and so does a tone
    that begins late or ends early.
    """
    blocks = power.shape[1] // BLOCK_FRAMES
    if blocks < 2:
        return float("inf")  # too short to decide, so the network runs
    power = power[LOWEST_BAND:]
    level = power.sum(dim=0)
    colour = (power / (level + 1e-3 * level.mean() + 1e-20))[:, : blocks * BLOCK_FRAMES]
    wide = colour.reshape(WIDE_BANDS, -1, blocks, BLOCK_FRAMES).mean(dim=(1, 3))[:, _well_inside(level)]
    decibels = 10.0 * torch.log10(wide + 1e-9 * wide.mean() + 1e-20)
    decibels = decibels[decibels.amax(dim=1) > decibels.max() - BAND_AUDIBLE_DB]
    if len(decibels) > 1:
        decibels = decibels - decibels.mean(dim=0, keepdim=True)
    return decibels.std(dim=1, correction=0).mean().item()


def _well_inside(level: Tensor) -> Tensor:
    """Find the loud blocks between loud ones, if there are two: power of frames (T,) -> (blocks,) bool.

    If there are not, the result is the loud blocks, or all blocks. The click at the start and the end of a
    tone is thus left out, since it is no change of the spectrum's shape.
    """
    blocks = len(level) // BLOCK_FRAMES
    of_block = level[: blocks * BLOCK_FRAMES].reshape(blocks, BLOCK_FRAMES).mean(dim=1)
    beside = torch.cat([level[:1], of_block, level[-1:]]) > of_block.max() * 10 ** (-QUIET_DB / 10)
    loud = beside[1:-1]
    inside = beside[:-2] & loud & beside[2:]
    return next((mask for mask in (inside, loud) if mask.sum() > 1), torch.ones_like(loud))


def is_stationary(power: Tensor, duration_s: float) -> bool:
    """Return whether (bands, frames) mel power of a sound of `duration_s` seconds is noise, hum or a tone."""
    limit = np.interp(duration_s, list(STATIONARY_DB), list(STATIONARY_DB.values()))
    return spectral_change(power) < float(limit)


def is_gliding_tone(power: Tensor) -> bool:
    """Return whether (bands, frames) mel power is one tone whose pitch glides: a chirp, or a siren."""
    power, level = _loud_frames(power)
    if len(level) < 2:
        return False
    near = torch.nn.functional.avg_pool1d(
        power.T[:, None], 2 * TONE_BANDS + 1, stride=1, padding=TONE_BANDS, count_include_pad=True
    )[:, 0].T * (2 * TONE_BANDS + 1)
    share = near.gather(0, power.argmax(dim=0, keepdim=True))[0] / level
    steps = (10.0 * torch.log10(level)).diff().abs()
    return bool(share.quantile(0.1) > TONE_POWER) and bool(steps.quantile(0.9) < TONE_STEP_DB)


def is_flat(power: Tensor) -> bool:
    """Return whether (bands, frames) mel power has the flat spectrum of noise, even if it changes."""
    power, _ = _loud_frames(power)
    flatness = (power + 1e-20).log().mean(dim=0).exp() / power.mean(dim=0)
    return bool(flatness.median() > NOISE_FLATNESS)


def _loud_frames(power: Tensor) -> tuple[Tensor, Tensor]:
    """Select the loud frames -> (bands without rumble, loud frames) and their power (frames,)."""
    power = power[LOWEST_BAND:] + 1e-20
    level = power.sum(dim=0)
    loud = level > level.max() * 10 ** (-QUIET_DB / 10)
    return power[:, loud], level[loud]


def speech_score(power: Tensor) -> float:
    """Measure the speech-like modulation of the level: (bands, frames) mel power -> dB, high for speech.

    In speech, syllables and pauses make the level jump from frame to frame, many frames are far quieter than
    those around them, and there is no beat at which the same level returns (J. Saunders, "Real-time
    discrimination of broadcast speech/music", 1996; E. Scheirer and M. Slaney, "Construction and evaluation
    of a robust multifeature speech/music discriminator", 1997). The last two are simple forms of the latter's
    "percentage of low-energy frames" and "pulse metric".
    """
    # Only the range of a picture counts, so that the limits hold for pictures too.
    visible = (power / power.amax().clamp_min(1e-20) - 10 ** (-PICTURE_DB / 10)).clamp_min(0)
    energy = visible[LOWEST_BAND:].sum(dim=0).double().numpy()
    amplitude = np.sqrt(energy)
    pauses = np.mean(amplitude < PAUSE * uniform_filter1d(amplitude, AROUND_FRAMES))
    level = 10.0 * np.log10(energy + 1e-3 * energy.mean() + 1e-20)
    jumps = np.mean(np.abs(np.diff(level)))
    level -= level.mean()
    again = [level[lag:] @ level[:-lag] for lag in BEAT_FRAMES if lag < len(level)]
    beat = max(again, default=0.0) / (level @ level + 1e-20)
    return float(jumps + BALANCE_DB * (pauses - beat))


def above_speech(power: Tensor, duration_s: float) -> float:
    """Compute the dB by which the speech score of (bands, frames) mel power lies above the limit.

    The sound has `duration_s` seconds. Above 0 it is speech, above -DOUBTFUL_DB it may be speech. Rap and
    singing lie below, since there is a beat under them. Less than 3 s are too short for the test.
    """
    if duration_s < min(SPEECH_DB):
        return float("-inf")
    limit = np.interp(duration_s, list(SPEECH_DB), list(SPEECH_DB.values()))
    return speech_score(power) - float(limit)
