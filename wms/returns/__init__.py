"""Tier 4: advised and unannounced returns: received, inspected, restocked, set aside as damaged, or scrapped."""
