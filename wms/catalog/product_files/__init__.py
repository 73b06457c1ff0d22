"""Products from a file: its columns, and what each of its lines says."""
