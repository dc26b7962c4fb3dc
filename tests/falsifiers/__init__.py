"""Ways to break the service on purpose, one check at a time, to see that a test notices each."""
