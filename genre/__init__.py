"""The ground floor of Earmark: audio, spectrograms, data, models, training and the classifier."""

GENRES = (
    "blues", "classical", "country", "disco", "hiphop",
    "jazz", "metal", "pop", "reggae", "rock",
)
