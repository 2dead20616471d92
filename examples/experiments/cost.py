#!/usr/bin/env python3
"""Runs a command and writes what it cost, as JSON: seconds of wall time and MiB of memory at the most.
usage: cost.py FILE COMMAND...
"""
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

begun = time.monotonic()
code = subprocess.run(sys.argv[2:], check=False).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
Path(sys.argv[1]).write_text(json.dumps({"seconds": round(time.monotonic() - begun, 1), "peak_mib": round(peak)}) + "\n",
                             encoding="utf-8")
sys.exit(code)
