"""The reader of Spec Kit specs."""

from specwitness.spec.reading import read_spec, read_specs

__all__ = ["read_spec", "read_specs"]
