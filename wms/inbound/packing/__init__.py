"""Packing lists of a container as files: which columns they have, and the cartons that their rows mean."""
