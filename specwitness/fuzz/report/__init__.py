"""What a run prints and writes: summary and JUnit."""
