"""Proof you can trust: from a Spec Kit spec to running evidence for each requirement."""
