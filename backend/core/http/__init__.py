"""HTTP around the endpoints: problem bodies, routes, middleware, cross-origin requests."""
