"""Bad credentials: the table of attacks, and how a service must reject them."""
