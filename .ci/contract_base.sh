#!/bin/sh
# Prints the revision that the contract is compared with: $BASE if it is set, else the commit at which this branch
# parted from origin/main, else, on main itself, the commit before. Prints nothing where there is none of them.
set -eu

if [ -n "${BASE:-}" ]; then
  printf '%s\n' "$BASE"
  exit
fi
head="$(git rev-parse --quiet --verify HEAD 2>/dev/null)" || exit 0
fork="$(git merge-base origin/main HEAD 2>/dev/null)" || fork=""
if [ -n "$fork" ] && [ "$fork" != "$head" ]; then
  printf '%s\n' "$fork"
else
  git rev-parse --quiet --verify 'HEAD^' 2>/dev/null || true
fi
