"""Folders and files of data, made so that no other user of the machine may look inside.

What is there already stays as its owner set it: a backup group may have been let in on purpose.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def private_file(file: Path) -> None:
    """Make an empty file for this user alone, unless it is there.

    SQLite would make it readable for all; its `-wal` and `-shm` take the mode of the file. One that
    is there is not even opened: to close it would drop the locks that SQLite has on it in this
    process, and the next process to look at it would remove the log that we go on writing.
    """
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE))
