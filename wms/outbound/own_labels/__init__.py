"""Labels that sellers bring with their orders (platform labels): checked, numbered, printed and scanned as any other."""
