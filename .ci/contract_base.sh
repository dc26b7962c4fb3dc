#!/bin/sh
# Prints the revision to compare the contract with: $BASE if it is set, else the commit where this branch forked from
# origin/main, else (on main itself) the previous commit. Prints nothing if there is none.
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
