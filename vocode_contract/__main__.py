"""The command ``vocode-contract``, also as ``python -m vocode_contract``."""

import sys


def main() -> int:
    """Run the command line and return the exit code of the process."""
    try:
        from vocode_contract.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while loading, or a second one while ending
        return 130


if __name__ == "__main__":
    sys.exit(main())
