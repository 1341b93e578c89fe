"""`python -m welfare` is the command line."""

from welfare.command import main

# Workers of a screening start this module again under another name; they must not start the command.
if __name__ == "__main__":
    raise SystemExit(main())
