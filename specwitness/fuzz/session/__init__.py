"""What the checks share during a run: context, baseline requests, logins, keys."""
