"""The tables and all queries on them; every query filters by the owner of the rows."""
