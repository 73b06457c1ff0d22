"""The built-in labels, as templates in the vocabulary: functions of a size that return nothing but data."""
