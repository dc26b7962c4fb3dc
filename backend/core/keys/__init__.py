"""Keys that verify tokens: algorithms and their families, JSON Web Keys, the choice of a key."""
