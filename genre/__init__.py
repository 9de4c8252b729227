"""The ground floor of Earmark: audio, spectrograms, data, models, training and the classifier."""

import os

# Before torch is first loaded: threads that wait for work then sleep. The default is to spin, with
# which a second busy process (a training run beside the page) slows both fourfold.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
