"""Why something failed, in a sentence for whoever asked for it."""

import errno

DETAILS = "The log has the details."


def explain(error: BaseException) -> str:
    """A sentence. Where there is none better it ends with DETAILS, and a traceback is in order."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space, then go on: nothing is lost."
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{str(error.filename)[:200]!r} cannot be used: {error.strerror.lower()}."
    if isinstance(error, MemoryError) or "allocate memory" in text or "out of memory" in text:
        return "The memory was not enough. Choose a smaller batch or a smaller model."
    told_by_us = isinstance(error, OSError) and error.errno is None
    if (told_by_us or isinstance(error, (ValueError, ArithmeticError))) and text:
        return text
    return f"Something went wrong ({type(error).__name__}: {text[:200]}). {DETAILS}"
