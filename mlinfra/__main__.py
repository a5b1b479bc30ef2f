"""``python -m mlinfra``: the command line."""

import sys

from mlinfra.commands import main

sys.exit(main())
