"""Writes the reference of the command line from the commands' own help, so that it is never old.

`python -m tests.command.reference > docs/reference/command-line.md`
"""

import argparse
import os

from welfare.command import _parser
from welfare.wording import Wording

HEAD = """# The command line

Made from the commands' own help by `python -m tests.command.reference`; a test keeps it current. Every command of this page works
without Django and without a database. Where the application is installed there are also `hub demo`, `hub serve`, `hub worker`,
`hub administrator`, `hub keys`, `hub audit`, `hub backup`, `hub restore`, `hub drill`, `hub manage` and `hub test`.
"""


def reference() -> str:
    """The page as Markdown."""
    os.environ["COLUMNS"] = "100"
    parser = _parser(Wording("en"))
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    parts = [HEAD, f"```\n{parser.format_help().rstrip()}\n```\n"]
    for name, command in commands.choices.items():
        parts.append(f"## hub {name}\n\n```\n{command.format_help().rstrip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(reference(), end="")
