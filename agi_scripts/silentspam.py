#!/usr/bin/env -S python3 -I
"""AGI(silentspam.py): screen this call. `-I` keeps this file from being imported as the package."""

import sys

from silentspam.embedded import main

sys.exit(main("screen"))
