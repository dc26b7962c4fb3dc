"""Builds good requests for a user: values, bodies, stored objects."""
