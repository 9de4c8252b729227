"""The ground floor of Earmark: audio, spectrograms, data, models, training and the classifier."""

import os

# It is set before torch is first loaded, so that threads that wait for work sleep. By default they spin, and
# then a second busy process (a training run beside the page) slows both fourfold.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
