"""How requests reach the service: messages, transports, rate limits."""
