"""A stand-in for Better Auth in tests: an issuer of tokens, key pairs, a key server."""
