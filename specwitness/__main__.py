"""Lets `python -m specwitness` be the command."""

from specwitness.cli import main

main()
