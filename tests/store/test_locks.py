"""Locks: one process at a time, and nothing to unlock by hand."""

import errno
import os

import pytest

from pipeline.store import locks


def test_who_comes_second_is_refused_until_the_first_is_gone(tmp_path):
    held = locks.lock(tmp_path / "a" / "lock")
    with pytest.raises(locks.LockedError, match="lock: locked by another process"):
        locks.lock(tmp_path / "a" / "lock")
    held.close()
    locks.lock(tmp_path / "a" / "lock").close()


def test_where_a_file_system_has_no_locks_there_is_a_warning(monkeypatch, tmp_path, capsys):
    def refuse(*_):
        raise OSError(refuse.errno, os.strerror(refuse.errno))

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    for refuse.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
        locks.lock(tmp_path / "lock").close()
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"warning: {tmp_path}/lock: this file system has no locks (")
    refuse.errno = errno.EIO
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        locks.lock(tmp_path / "lock")
