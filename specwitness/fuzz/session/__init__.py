"""Shared by the checks during a run: context, baseline requests, logins, keys."""
