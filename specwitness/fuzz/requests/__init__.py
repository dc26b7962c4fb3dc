"""How good requests are built for a user: values, bodies, stored objects."""
