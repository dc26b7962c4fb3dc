"""Tokens read strictly: the compact serialization and the rules for the claims."""
