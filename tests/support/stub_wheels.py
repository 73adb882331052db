"""Tiny wheels that stand for torch, MediaPipe and the rest, so that pip truly installs offline."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from source_tree import ROOT

_NUMBERS = {"torch": "2.13.0", "mediapipe": "1.2.2", "opencv-python": "4.11.0.86", "av": "18.0.0"}
_NUMBERS |= {"opencv-contrib-python": "4.11.0.86", "smplx": "0.1.28", "scipy": "1.17.0", "numpy": "2.3.0"}
_NUMBERS |= {"safetensors": "0.8.0", "typer": "0.29.0", "rich": "15.0.0"}
_MODULES = {"opencv-python": "cv2", "opencv-contrib-python": ""}
_TORCH = """
class _No:
    @staticmethod
    def is_available(): return False
class version: cuda, hip = None, None
__version__ = "2.13.0+cpu"
cuda = _No
class backends: mps = _No
"""


def make_wheels(folder: Path, *, without: str = "") -> Path:
    """Fill a folder with a stub of every worker package, but for one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in _NUMBERS.items():
        if name == without:
            continue
        module = _MODULES.get(name, name)
        files = {f"{module}/__init__.py": _TORCH if name == "torch" else ""} if module else {}
        make_wheel(folder, name, version, files)
    return folder


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str], *, metadata: str = "") -> Path:
    """One wheel of pure Python; `files` by their path in it."""
    stem = f"{name.replace('-', '_')}-{version}"
    files = dict(files)
    files[f"{stem}.dist-info/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}"
    )
    files[f"{stem}.dist-info/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = io.StringIO()
    record.writelines(f"{each},,\n" for each in [*files, f"{stem}.dist-info/RECORD"])
    files[f"{stem}.dist-info/RECORD"] = record.getvalue()
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in files.items():
            archive.writestr(each, text)
    return path


def project_wheel(folder: Path) -> Path:
    """The project's own wheel, really built, as the add-on carries it."""
    code = (
        f"import runpy, pathlib; build = runpy.run_path({str(ROOT / 'build_addon.py')!r}); "
        f"print(build['build_wheel'](pathlib.Path({str(folder)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return Path(done.stdout.split()[-1])
