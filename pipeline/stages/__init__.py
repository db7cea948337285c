"""The stages, each a program: `python -m pipeline.stages.NAME`."""

import sys

from pipeline.execution import environment

if sys.argv[0] == "-m":  # a stage is started; who imports a part of one (tests, the queue) is left as it is
    environment.clean()
