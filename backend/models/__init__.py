"""What is stored, and the queries on it; each query names its owner."""
