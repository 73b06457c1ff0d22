"""Where goods may be put, where they should go, and putting them there."""
