"""Uploads stay in memory: no recording, file or photo of a visitor is written to a disk.

Streamlit leaves uploads to Starlette's form parser, which moves everything beyond 1 MiB, and so every
recording of half a minute and most photos, to an unnamed file in TMPDIR, and answers with error 500 where
that is full. Streamlit itself breaks an upload off at server.maxUploadSize, and holds the whole of it in
memory afterwards anyway: the file on the disk saves nothing.
"""

from starlette.formparsers import MultiPartParser

NEVER = 0  # size beyond which tempfile.SpooledTemporaryFile moves to a disk; 0 for none


def keep_uploads_in_memory() -> None:
    """Let the server's upload route, which runs in this process, hold files in memory alone."""
    MultiPartParser.spool_max_size = NEVER
