"""The reports of a run: on the terminal, as JSON and as JUnit XML."""
