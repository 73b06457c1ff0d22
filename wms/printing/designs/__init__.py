"""Designs: how the operator restyles a label, kept in versions. `labels` draws them and says what is wrong with them."""
