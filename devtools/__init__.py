"""Development tools: a PostgreSQL at hand, the service on this machine, tokens to try it out with."""
