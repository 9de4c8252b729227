"""Features of segments by the pretrained network: normalization of the level, windows of 3 s, the network.

Training and the classifier both compute features here, so that they cannot drift apart.
"""

from pathlib import Path

import numpy as np
import soxr
import torch
from torch import Tensor
from torch.nn import functional as F

from genre.audio.constants import SAMPLE_RATE
from genre.audio.spectrogram import SpectrogramParams, mel_edges
from genre.models.artefacts import load_artefact
from genre.models.cards import ArtefactError
from genre.models.pretrained.networks import TAG_MEL, WINDOW_FRAMES, TagFeatures, Tagger

LEVEL = 0.1  # root mean square of the audible parts in the network's input: -20 dB of full scale
BLOCK_S = 0.1  # length of the blocks in which the level is measured
BLOCK_AUDIBLE_DB = 40.0  # blocks this far below the loudest one are not measured
MAX_WINDOWS = 60  # windows of a long recording; they take a second, and more would add nothing
FRAME_S = TAG_MEL.hop_length / TAG_MEL.sample_rate


class PretrainedFeatures:
    """The pretrained network on windows of 3 s, one for each `seconds_per_window` of a segment."""

    def __init__(self, tagger: Tagger, seconds_per_window: float) -> None:
        self.tagger = tagger.eval().requires_grad_(False)
        self.seconds_per_window = seconds_per_window

    def windows(self, segments: np.ndarray, gain: Tensor | None = None) -> tuple[np.ndarray, TagFeatures]:
        """Compute the features of P x W windows of segments (P, N) of one clip.

        Returns the centre of each window in its segment (W,) in s, and the features. `gain` (P, bands, T)
        changes the power of each point of our spectrogram.
        """
        segments_at_level = normalize_level(segments)
        waveform = np.stack(
            [soxr.resample(part, SAMPLE_RATE, TAG_MEL.sample_rate) for part in segments_at_level]
        )
        power = self.tagger.mel.power(torch.from_numpy(waveform))
        if gain is not None:
            power = power * resample_gain(gain, power.shape[1])
        mel = self.tagger.mel.compress(power)
        seconds = segments.size / SAMPLE_RATE
        seconds_per_window = max(self.seconds_per_window, seconds / MAX_WINDOWS)
        starts = window_first_frames(mel.shape[1], seconds_per_window)
        centres_s = window_centres(segments.shape[1], seconds_per_window)
        return centres_s, self.tagger(cut_windows(mel, starts).flatten(0, 1))


def cut_windows(mel: Tensor, starts: np.ndarray) -> Tensor:
    """Cut (B, frames, 96) at the windows' first frames (W,) -> (B, W, 187, 96); short clips are repeated."""
    if mel.shape[1] < WINDOW_FRAMES:
        mel = mel.repeat(1, -(-WINDOW_FRAMES // mel.shape[1]), 1)
    return torch.stack([mel[:, start : start + WINDOW_FRAMES] for start in starts.tolist()], dim=1)


def window_first_frames(frames: int, seconds_per_window: float) -> np.ndarray:
    """Choose the first frame of each window, spread evenly over `frames`: (W,).

    There is one for each `seconds_per_window`, and at most as many as fit side by side.
    """
    room = max(0, frames - WINDOW_FRAMES)
    seconds = frames * FRAME_S
    count = min(1 + round(room / WINDOW_FRAMES), max(1, round(seconds / seconds_per_window)))
    return np.linspace(0, room, count).round().astype(int)


def window_centres(n_samples: int, seconds_per_window: float) -> np.ndarray:
    """Compute the centres in s of the windows of a segment of so many samples: (W,)."""
    seconds = n_samples / SAMPLE_RATE
    frames = 1 + round(seconds * TAG_MEL.sample_rate) // TAG_MEL.hop_length
    starts = window_first_frames(frames, seconds_per_window)
    return ((starts + WINDOW_FRAMES / 2) * FRAME_S).clip(max=seconds)


def load_tagger(folder: Path, sha256: str) -> Tagger:
    """Load the pretrained network in `folder`, whose weights must have this hash. Raises ArtefactError."""
    weights, card = load_artefact(folder)
    if card.weights_sha256 != sha256:
        raise ArtefactError(
            f"The pretrained network in {folder.name!r} is not the one that this model was trained on: "
            "train it again."
        )
    tagger = Tagger()
    try:
        tagger.load_state_dict(weights)
    except RuntimeError as error:
        raise ArtefactError(f"The weights in {folder.name!r} do not fit this version of Earmark.") from error
    return tagger


def normalize_level(segments: np.ndarray) -> np.ndarray:
    """Scale segments (P, N) of one clip by one factor, so that their audible blocks have LEVEL."""
    size = min(segments.shape[1], round(BLOCK_S * SAMPLE_RATE))
    blocks = segments[:, : segments.shape[1] // size * size].reshape(-1, size)
    power = np.square(blocks, dtype=np.float64).mean(axis=1)
    loud = power[power > power.max() * 10 ** (-BLOCK_AUDIBLE_DB / 10)]
    return (segments * (LEVEL / np.sqrt(loud.mean()))).astype(np.float32) if len(loud) else segments


def resample_gain(gain: Tensor, frames: int) -> Tensor:
    """Resample factors (P, bands, T) of our spectrogram to the pretrained network's mel -> (P, frames, 96).

    The values between the points come from linear interpolation.
    """
    ours, theirs = mel_edges(SpectrogramParams())[1:-1], mel_edges(TAG_MEL)[1:-1]
    position = np.interp(theirs, ours, np.arange(len(ours)))
    low = np.floor(position).astype(int).clip(max=len(ours) - 2)
    share = torch.from_numpy(position - low).to(gain.dtype)[:, None]
    bands = (1 - share) * gain[:, low] + share * gain[:, low + 1]
    return F.interpolate(bands, size=frames, mode="linear", align_corners=True).transpose(1, 2)
