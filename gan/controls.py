"""What a request can shift in the sound, beside genre and tempo: names for the network, words for people."""

CONTROLS = ("energy", "brightness", "density")
# For a control that is notably below or above the usual: (less, more).
CONTROL_WORDS = {
    "energy": ("calmer", "livelier"),
    "brightness": ("darker", "brighter"),
    "density": ("sparser", "busier"),
}
