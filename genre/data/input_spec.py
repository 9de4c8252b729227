"""The specification of one kind of input: its array shape, its duration and its front end."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InputSpec:
    """One kind of input that a model accepts, and the array of one example.

    kind        "raw", "stft", "mel", "features", "mel_30s", "mel_3s_zscored" or "mel_3s"
    shape       shape of one example, the argument of `build`: (samples,), (bands, frames), or the features
    seconds     duration in s of the audio in one example
    n_fft, hop_length, n_mels   sizes of the spectrogram, in samples and bands; 0 where there is none

    "mel_30s" (GTZAN's 30 s log-mels as 128 x 334 in 0..1) and "mel_3s_zscored" (128 x 130 log-mels of
    3 s, z-scored) stand in for "mel" where there is no audio. For models of another size they are stretched
    to `shape` by interpolation over bands and frames. Spectrograms may have up to four frames more
    than `shape`; the last ones are dropped. "mel_3s" (128 x 130 log-mels of 3 s in 0..1) are cut from
    recordings, and made from "mel_3s_zscored" whose decibels are restored.
    """

    kind: str
    shape: tuple[int, ...]
    seconds: float
    n_fft: int = 0
    hop_length: int = 0
    n_mels: int = 0
