"""Files of orders: read whole, told what is wrong with each line, and made into orders when the seller says so."""
