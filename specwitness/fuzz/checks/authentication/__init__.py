"""Authentication checks: bad credentials, missing rights, logins that reveal accounts."""
