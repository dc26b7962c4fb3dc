"""The Tasks API: a FastAPI service that authenticates its callers by tokens of Better Auth."""
