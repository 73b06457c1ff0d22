"""Label documents, the bundles they are rendered in, and the record of every print."""
