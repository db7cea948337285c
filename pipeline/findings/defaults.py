"""Imports matplotlib as it ships, before anybody else does.

A matplotlibrc in the working folder or at home may set anything, or be broken; matplotlib reads one as it is
imported, the working folder's first. The backend of the user's may not exist; nothing here needs a window.
"""

import contextlib
import importlib
import importlib.util
import os
from pathlib import Path

_SPEC = importlib.util.find_spec("matplotlib")
assert _SPEC and _SPEC.origin

_of_the_user = os.environ.get("MPLBACKEND")
os.environ["MPLBACKEND"] = "agg"
with contextlib.chdir(Path(_SPEC.origin).with_name("mpl-data")):
    importlib.import_module("matplotlib")
del os.environ["MPLBACKEND"]  # read once; other programs that this process starts have their own
if _of_the_user is not None:
    os.environ["MPLBACKEND"] = _of_the_user
