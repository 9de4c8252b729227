"""Custom moods: learnt from a few frames of a face, saved as numbers, recognised beside the seven."""
