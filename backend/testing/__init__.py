"""What tests of a service behind Better Auth need; no part of the service."""
