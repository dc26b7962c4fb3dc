"""The caller of a request: credentials, verified tokens, revoked tokens, pseudonyms."""
