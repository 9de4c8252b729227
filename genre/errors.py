"""Errors as sentences for a person, and the exit statuses of the command lines."""

import errno

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130  # exit statuses

# The last one is a quota that limits single files.
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SEE_LOG = "The log has the details."


def error_sentence(error: BaseException) -> str:
    """Write a sentence about an error; for an unexpected error it ends with SEE_LOG: log the traceback."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return "The disk is full. Free some space, then go on: nothing is lost."
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{str(error.filename)[:200]!r} cannot be used: {error.strerror.lower()}."
    if isinstance(error, MemoryError) or "allocate memory" in text or "out of memory" in text:
        return "The memory was not enough. Choose a smaller batch or a smaller model."
    is_ours = isinstance(error, OSError) and error.errno is None
    if (is_ours or isinstance(error, (ValueError, ArithmeticError))) and text:
        return text
    return f"Something went wrong ({type(error).__name__}: {text[:200]}). {SEE_LOG}"
