"""python -m xdomain: the tool that lies in the package."""

from __future__ import annotations

import os
import sys

from ._library import NATIVE


def main() -> None:
    tool = NATIVE / "bin" / "xdomain"
    if not tool.exists():
        sys.exit("xdomain: this package was made without the tool")
    os.execv(tool, ["xdomain", *sys.argv[1:]])


if __name__ == "__main__":
    main()
