"""What a run found: results, severity, conformance, coverage, curl lines."""
