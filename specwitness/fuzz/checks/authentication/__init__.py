"""Checks of who is let in: bad credentials, missing rights, logins that reveal accounts."""
