"""A Python of the user's own as the worker's: looked at in a child process, never changed without asking.

Standard library only.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..errors import PythonMissing, SetupFailed
from ..processes import python_environment, spawn, stop_tree
from ..version import VERSION
from .packages import DISTRIBUTIONS, MODULES
from .platforms import unfit
from .pythons import VERSIONS, is_store_stub

_ANSWER_SECONDS = 60.0
_LOOK = """
import importlib.util, json, sys, sysconfig
def lacks(name):
    try:
        return importlib.util.find_spec(name) is None
    except (ImportError, ValueError):
        return True
facts = {"version": sys.version_info[:3], "tag": sysconfig.get_platform(), "project": "", "linked": False}
facts["missing"] = [name for name in sys.argv[1:] if lacks(name)]
try:
    from reel2rig.bridge.version import VERSION
    facts["project"] = VERSION
    from importlib import metadata
    noted = json.loads(metadata.distribution("reel2rig").read_text("direct_url.json") or "{}")
    facts["linked"] = bool(noted.get("dir_info", {}).get("editable"))
except (ImportError, TypeError, ValueError):
    pass
print("FACTS" + json.dumps(facts))
"""


class PythonLacksPackages(SetupFailed):
    code = "setup.packages_missing"


@dataclass(frozen=True)
class ExistingPython:
    """What a Python of the user's own holds.

    Attributes:
        missing: names, as pip knows them, of the worker packages it lacks, this project left out.
        project: the version of this project in it; "" for none. linked: whether that is somebody's checkout.
    """

    path: Path
    version: tuple[int, int, int]
    missing: tuple[str, ...]
    project: str
    linked: bool = False

    @property
    def label(self) -> str:
        return f"{'.'.join(map(str, self.version))} ({self.path})"

    def require(self) -> None:
        """Raises PythonLacksPackages, which names them, or SetupFailed when a checkout stands in the way."""
        if self.linked and self.project != VERSION:
            raise SetupFailed(
                f"{self.path} runs Reel2Rig {self.project} from a checkout, and this is {VERSION}; bring "
                "that checkout up to date, or choose another Python."
            )
        if self.missing:
            raise PythonLacksPackages(
                f"{self.path} lacks {', '.join(self.missing)}; install them there with pip, or let Reel2Rig "
                "make an environment of its own."
            )


def look_at(python: Path) -> ExistingPython:
    """Start a Python once and ask what it holds; nothing heavy is imported, nothing is written.

    Raises:
        PythonMissing: it cannot be started or is of a version or build that cannot run the worker.
    """
    if is_store_stub(python):
        raise PythonMissing(f"{python} belongs to the Microsoft Store; choose a Python from python.org.")
    if not python.is_file():
        raise PythonMissing(f"There is no Python at {python}; choose a python program or its environment.")
    names = [name for name in MODULES if not name.startswith("reel2rig")]
    try:
        process = spawn(
            [python, "-c", _LOOK, *names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=python_environment(python),
        )
    except OSError as error:
        raise PythonMissing(f"{python} cannot be started ({error.strerror or error}).") from error
    try:
        output = process.communicate(timeout=_ANSWER_SECONDS)[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired as error:
        stop_tree(process, kill=True)
        process.communicate()
        raise PythonMissing(f"{python} does not answer.") from error
    told = output.rpartition("FACTS")[2] if "FACTS" in output else ""
    if not told:
        raise PythonMissing(f"{python} is not a Python that can run the worker.")
    facts = json.loads(told)
    version = tuple(facts["version"])
    if version[:2] not in VERSIONS:
        raise PythonMissing(f"{python} is Python {version[0]}.{version[1]}; the worker needs 3.11 to 3.13.")
    if reason := unfit(facts["tag"]):
        raise PythonMissing(f"{python} {reason}.")
    missing = tuple(DISTRIBUTIONS.get(name) or name for name in map(str, facts["missing"]))
    return ExistingPython(python, version, missing, facts["project"], facts["linked"])
