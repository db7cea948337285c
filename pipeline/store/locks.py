"""A lock that ends with the process that holds it, however that ends."""

import errno
import fcntl
import sys
from pathlib import Path
from typing import IO

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)  # Lustre or NFS, as it is mounted


class LockedError(RuntimeError):
    """Another process holds the lock."""


def lock(path: Path) -> IO[bytes]:
    """Hold `path` locked while the file that is returned is open.

    The kernel ends the lock with the process, however it ends: nothing has to be unlocked by hand. On a file
    system without locks it is done without, with a warning. Raises LockedError when another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise LockedError(f"{path}: locked by another process") from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            file.close()
            raise
        print(
            f"warning: {path}: this file system has no locks ({error.strerror}), so nothing keeps a second "
            "process out: give no command twice",
            file=sys.stderr,
        )
    return file
