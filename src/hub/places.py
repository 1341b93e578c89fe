"""Where the hub keeps things on this machine: one answer for settings, commands and tests."""

import os
from pathlib import Path

_SOURCE = Path(__file__).resolve().parents[2]

# The checkout this package runs from; where it was installed as a wheel, the folder one stands in.
PROJECT = _SOURCE if (_SOURCE / "pyproject.toml").exists() else Path.cwd()

# State of a running hub: the embedded database, keys, snapshots, runs. Nothing in it belongs into version control.
HOME = Path(os.environ.get("HUB_HOME") or PROJECT / ".hub").resolve()

# The keys that numbers are encrypted with. A deployment keeps them on another disk than the database.
KEYS = Path(os.environ.get("HUB_KEYS") or HOME / "keys.json").resolve()

# The law as data.
CATALOGUE = Path(os.environ.get("HUB_CATALOGUE") or PROJECT / "programmes" / "kr").resolve()


def home() -> Path:
    """The folder of the hub's state, made if need be.

    Others may pass through it but not look into it: the embedded server runs under its own account and has its folder
    inside. What lies in it is closed to them file by file.
    """
    HOME.mkdir(parents=True, exist_ok=True, mode=0o711)
    return HOME


def private_folder(path: Path) -> Path:
    """This folder, made if need be, closed to other accounts."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
