#!/usr/bin/env -S python3 -I
"""AGI(silentspam_ended.py), in the hangup handler: log how and by whom this call ended."""

import sys

from silentspam.embedded import main

sys.exit(main("log_end"))
