"""Development tools: `make run`, `make dev`, `make token`, and a PostgreSQL for them and for the tests."""
