"""The database: connections, one transaction for each request, database errors."""
