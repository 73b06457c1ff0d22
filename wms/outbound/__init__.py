"""Tier 4: order → demand → promise → wave → allocate → pick → pack → hand over."""
