"""Customs. In its first form the clerk's receipt stands in for the customs systems."""
