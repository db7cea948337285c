"""`make` builds an environment that works, whatever pip is told elsewhere and wherever the folder goes."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from pipeline import ROOT

WHEEL = "tiny-1.0-py3-none-any.whl"


@pytest.fixture
def folder(tmp_path):
    """The Makefile with a lock of one package, which has one script."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("tiny.py", "def main():\n    print('works')\n")
        about = "tiny-1.0.dist-info"
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/entry_points.txt", "[console_scripts]\ntiny = tiny:main\n")
        wheel.writestr(f"{about}/RECORD", "")
    (folder / "constraints.txt").touch()
    (folder / "requirements.txt").write_text("tiny\n")
    return folder


def make(folder, **more):
    """Output of make that builds the environment; packages come from the folder, by the environment."""
    base = getattr(sys, "_base_executable", sys.executable)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "VIRTUAL_ENV"))}
    environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ".", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **more}
    done = subprocess.run(
        ["make", ".venv/ok", f"PYTHON={base}"], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def works(folder) -> bool:
    script = folder / ".venv" / "bin" / "tiny"
    said = subprocess.run([script], cwd=folder, capture_output=True, text=True, check=True).stdout
    return said == "works\n"


def test_pip_is_not_sent_elsewhere(folder, tmp_path):
    elsewhere = str(tmp_path / "elsewhere")
    make(
        folder, PIP_USER="1", PIP_TARGET=elsewhere, PIP_PREFIX=elsewhere, PIP_ROOT=elsewhere, PIP_DRY_RUN="1"
    )
    assert works(folder) and not (tmp_path / "elsewhere").exists()


def test_a_folder_that_was_moved_gets_its_environment_anew(folder, tmp_path):
    make(folder)
    assert works(folder) and "up to date" in make(folder)
    moved = folder.rename(tmp_path / "moved")
    assert "--clear" in make(moved) and works(moved) and "up to date" in make(moved)
    (moved / ".venv" / "bin" / "python").unlink()
    (moved / ".venv" / "bin" / "python").symlink_to(tmp_path / "gone")
    assert "--clear" in make(moved) and works(moved)
