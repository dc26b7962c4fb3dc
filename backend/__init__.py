"""The Tasks API: a FastAPI service behind tokens that Better Auth issued."""
