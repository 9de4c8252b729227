"""Benchmarks of the app as a whole, some of them in a browser."""
