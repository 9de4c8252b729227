"""Playlists of a library: by mood, and as files."""
