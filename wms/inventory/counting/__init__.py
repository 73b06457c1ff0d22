"""Cycle counts without a freeze: plans, blind counts versioned against the ledger, recounts, approval (decision 035)."""
