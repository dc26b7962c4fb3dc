"""Schemathesis: the only package that imports it."""
