"""Problems and plans as JSON: the shapes of docs/planning.md, read strictly, written plainly."""
