"""Makes `python -m specwitness` run the command line."""

from specwitness.cli import main

main()
