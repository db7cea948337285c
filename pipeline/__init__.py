"""The reproduction, floor by floor; each imports from those below it (tests/test_floors.py)."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]  # the project's folder
