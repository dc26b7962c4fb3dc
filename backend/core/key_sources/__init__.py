"""Sources of keys: the shared secret, or the key set that Better Auth publishes."""
