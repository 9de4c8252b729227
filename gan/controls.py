"""The controls of the sound beside genre and tempo: their names for the network, their words for people."""

CONTROLS = ("energy", "brightness", "density")
# The words for a control that is notably below or above the usual: (less, more).
CONTROL_WORDS = {
    "energy": ("calmer", "livelier"),
    "brightness": ("darker", "brighter"),
    "density": ("sparser", "busier"),
}
