"""Backup and restore: one sealed file holds everything that cannot be made again, and a drill proves that it does.

    making     database and key files → one file, sealed to a recovery key that is not kept on this machine
    restoring  such a file → an empty hub, after the whole file has been found sound
    drill      both, into a scratch server beside the running one, compared row by row
    inventory  what a database holds, in figures that two databases can be compared by
    sealed     the encryption
    access     the way into the database that sees every row, and PostgreSQL's own programs

A hub's state is its database and the key files of its home. Snapshots, runs and static files are derived and left out,
sessions too: after a restore everybody signs in again.
"""


class BackupProblem(Exception):
    """A backup, restore or drill cannot go on; the message says what is wrong, where, and how to mend it."""
