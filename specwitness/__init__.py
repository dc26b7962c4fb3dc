"""Checks each requirement of a Spec Kit spec by running tests, and reports the evidence for it."""
