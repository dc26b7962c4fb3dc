"""Fuzzing: every operation of the contract, with good and bad credentials, against the running app."""
