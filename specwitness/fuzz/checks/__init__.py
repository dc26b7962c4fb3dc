"""The checks. Each one looks for one kind of fault, such as access to another user's objects."""
