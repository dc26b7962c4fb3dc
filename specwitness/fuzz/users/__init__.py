"""The users that send requests: identity providers, logins, and where credentials go in a request."""
