"""``python -m zanjir``: the command line."""

from zanjir.cli import main

if __name__ == "__main__":
    main()
