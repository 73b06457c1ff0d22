"""Use cases of outbound, one file per noun."""
