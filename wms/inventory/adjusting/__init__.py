"""Adjustments: stock changed by a person's word, with a reason, and above a limit with somebody else's."""
