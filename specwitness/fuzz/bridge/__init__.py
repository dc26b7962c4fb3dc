"""The bridge to Schemathesis: no other package imports it."""
