"""Who calls: identity providers, logins, and where credentials go in a request."""
