"""What this machine's processor does well."""

from torch.cpu import get_capabilities


def has_bfloat16() -> bool:
    """Whether it multiplies numbers of half the digits (bfloat16) itself: convolutions are then a half
    faster. Where it has to imitate them they are two to three times slower.
    """
    return bool({"avx512_bf16", "amx_bf16"} & {name for name, has in get_capabilities().items() if has})
