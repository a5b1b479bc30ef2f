"""Run the command line from a checkout: ``python cli.py plan blueprints/minimal.yaml``."""

import sys

from mlinfra.commands import main

if __name__ == "__main__":
    sys.exit(main())
