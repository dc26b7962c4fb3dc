"""The types of single settings and the strength of secrets; `backend.core.config` reads the settings."""
