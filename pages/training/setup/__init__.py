"""The step Set up: what is trained, on which music, where, and how much of it a guest may."""
