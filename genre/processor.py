"""What this machine's processor does well."""

from torch.cpu import get_capabilities


def has_bfloat16() -> bool:
    """Whether it multiplies whole tiles of numbers of half the digits (bfloat16): convolutions are then a
    half faster. With AVX-512's instruction alone they take about 1.4 times as long as in float32
    (`tests/benchmarks/bench_training.py` tells), and imitated two to three times.
    """
    return bool(get_capabilities().get("amx_bf16"))
