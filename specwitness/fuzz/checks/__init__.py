"""The checks: each tries one way to break a promise of the contract, on every operation that it fits."""
