"""Files for their owner alone, and locks on them, which end with the process that holds them."""

import os
from pathlib import Path


class LockHeld(Exception):
    """Another process holds the lock; its id is the text."""


def open_private(path: Path, flags: int) -> int:
    """Open a file for its owner alone, through no link, whoever made it before."""
    flags |= os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)
    return descriptor


def lock_file(path: Path) -> int | None:
    """Lock a file, and write the id of this process into it.

    Returns:
        Its descriptor, and to close it releases the lock; ``None`` on Windows, which has no such lock.

    Raises:
        LockHeld: Another process holds it.
        OSError: It cannot be made.
    """
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = open_private(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise LockHeld(holder if holder.isdecimal() else "unknown") from None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
