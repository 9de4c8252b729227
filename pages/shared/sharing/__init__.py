"""What a visitor takes home: pictures of an answer, a piece or a list of songs, and codes to scan."""
