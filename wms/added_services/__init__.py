"""Value-added services (增值服务): a catalogue, what is asked for of it, and the proofs of what was done."""
