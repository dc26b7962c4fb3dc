"""Checks of the surface: odd input, caches, undocumented routes, documented situations."""
