"""Bad credentials: the table of attacks, and what a refusal must look like."""
