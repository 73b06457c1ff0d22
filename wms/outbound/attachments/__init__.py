"""Papers that come with an order: an invoice, a packing list, whatever else its seller wants at hand."""
