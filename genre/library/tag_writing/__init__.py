"""Tags written into music files, on request only, and taken back."""
