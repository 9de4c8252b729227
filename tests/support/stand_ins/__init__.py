"""Stand-ins for what tests cannot have, or not so fast: YouTube, Ray, a browser, a model."""
