"""Which warehouse an order goes from, where its seller lets the house choose."""
