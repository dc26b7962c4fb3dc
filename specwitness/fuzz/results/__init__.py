"""Results of a run: violations, severity, conformance, coverage, curl lines."""
