#!/usr/bin/env python3
"""Every command of Fleetline: `python manage.py help`."""

import argparse
import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["up"]:
        # The settings, which are read before the command's own options, need it.
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("--data")
        if data := parser.parse_known_args(sys.argv[2:])[0].data:
            os.environ["DATA"] = data
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
