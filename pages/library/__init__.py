"""The operator's own music on the pages: its map, its table, its scan, and lists out of it."""
