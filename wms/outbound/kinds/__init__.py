"""What orders of a kind of their own know besides the order: where a transfer goes, who comes for what is picked up."""
