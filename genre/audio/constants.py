"""The constants of the default front end, which are those of GTZAN's spectrograms and Kaggle's features."""

SAMPLE_RATE = 22_050  # Hz; the rate of GTZAN
N_FFT = 2048  # samples in a window: 93 ms, enough to separate the notes of a bass
HOP_LENGTH = 512  # samples between frames: 23 ms
N_MELS = 128  # mel bands
FRAME_S = HOP_LENGTH / SAMPLE_RATE  # seconds between frames
