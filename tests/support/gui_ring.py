"""Plays a story in a real Blender window: an X server without a screen, Blender, and what comes of it.

The stories run inside Blender (tests/gui/inside). Here they are started, given scratch folders so that no
user's files are touched, and ended for certain; pictures, log and facts stay in an artefact folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gui_blender import GuiBlender

INSIDE = Path(__file__).resolve().parents[1] / "gui" / "inside"
SIZE = (1600, 1000)
MOMENTS = (60, 215)  # frames of the demo clip: on the box with raised arms; running, after the jump
_QUIT = 20  # seconds that Blender may take to leave
# What Blender prints about faults of an extension that nobody would notice in a window.
_COMPLAINTS = re.compile(r"Traceback|uiItem|rna_|not found|unknown operator")
# What it prints about itself: no online repository was read, and Debian's translations are left out.
_HARMLESS = re.compile(r"^Repository data|'language'$")


@dataclass(frozen=True)
class Display:
    """A running X server. `name`: for $DISPLAY. `screen`: the file of its frame buffer."""

    name: str
    screen: Path


@dataclass(frozen=True)
class Played:
    """What came of a story.

    Attributes:
        facts: what the story wrote down. folder: its pictures, log.txt and facts.json.
    """

    facts: dict[str, Any]
    folder: Path

    def picture(self, name: str) -> Path:
        (found,) = self.folder.glob(f"??-{name}.png")
        return found


class StoryFailed(AssertionError):
    """Something is wrong; the message has the story's traceback and says where the pictures are."""


@contextmanager
def display(gui: GuiBlender, folder: Path) -> Iterator[Display]:
    """An X server on a free number, ended on leaving. `folder` takes a link to its socket."""
    # Both must lie where the server, which may run in a folder of its own, can reach them.
    shared = Path(tempfile.mkdtemp(prefix="reel2rig-gui-", dir=gui.xvfb_root / "tmp"))
    buffer = "/" / shared.relative_to(gui.xvfb_root)
    read, write = os.pipe()
    size = f"{SIZE[0]}x{SIZE[1]}x24"
    # No pointer: the server would draw it into its pictures, where simulated events do not move it.
    command = [*gui.xvfb, "-displayfd", str(write), "-screen", "0", size, "-nocursor", "-nolisten", "tcp"]
    with (folder / "xvfb.txt").open("wb") as log:
        server = subprocess.Popen(
            [*command, "-fbdir", str(buffer)], pass_fds=(write,), stdout=log, stderr=log
        )
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            number = answer.readline().strip()  # ends when the server has died, too
        if not number:
            raise StoryFailed(f"no X server: {(folder / 'xvfb.txt').read_text(errors='replace')}")
        socket = folder / "X"
        socket.symlink_to(gui.xvfb_root / "tmp" / ".X11-unix" / f"X{number}")
        yield Display(str(socket), shared / "Xvfb_screen0")
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(shared, ignore_errors=True)


def play(gui: GuiBlender, story: str, artefacts: Path, *, seconds: float = 240, **given: Any) -> Played:
    """Play tests/gui/inside/story_<story>.py and return what it found.

    Args:
        given: for the story, as JSON. `home` is the add-on's home folder; without it that is a new one, which
            has only the `models` of another. The rest is the story's own.

    Raises StoryFailed: a step failed, Blender complained on its console, or a process outlived it.
    """
    shutil.rmtree(artefacts, ignore_errors=True)
    artefacts.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="reel2rig-gui-", ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        home = Path(given.get("home") or scratch / "home")
        if models := given.get("models"):
            home.mkdir(exist_ok=True)
            (home / "models").symlink_to(models)
        with display(gui, scratch) as shown:
            given |= {"story": story, "folder": str(artefacts), "scratch": name}
            given |= {"screen": str(shown.screen), "size": SIZE}
            (scratch / "given.json").write_text(json.dumps(given), encoding="utf-8")
            code = _run_blender(gui, shown, scratch, artefacts / "log.txt", home, seconds)
        left_behind = _still_running(scratch, home)
    written = artefacts / "facts.json"
    record = json.loads(written.read_text(encoding="utf-8")) if written.exists() else {"facts": {}}
    log = (artefacts / "log.txt").read_text(encoding="utf-8", errors="replace")
    complaints = {
        line for line in log.splitlines() if _COMPLAINTS.search(line) and not _HARMLESS.search(line)
    }
    if not record["facts"].get("finished") or left_behind or complaints:
        why = record.get("failure") or f"Blender ended ({code}) in mid-story"
        if record["facts"].get("finished"):
            why = "it was played to its end, but"
        raise StoryFailed(
            f"{story} in {gui.label}: {why}\nleft behind: {left_behind or 'nothing'}\n"
            f"complaints: {sorted(complaints) or 'none'}\nfacts: {record['facts']}\npictures: {artefacts}\n"
            f"{log[-3000:]}"
        )
    return Played(record["facts"], artefacts)


def _run_blender(
    gui: GuiBlender, shown: Display, scratch: Path, log: Path, home: Path, seconds: float
) -> int:
    """Blender's exit status; ended when it takes longer than `seconds`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {
        "DISPLAY": shown.name,
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "XDG_RUNTIME_DIR": str(scratch),
        "BLENDER_USER_RESOURCES": str(scratch / "blender"),
        "REEL2RIG_HOME": str(home),
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }
    window = ["-p", "0", "0", *map(str, SIZE), "--no-window-focus", "--factory-startup"]
    script = [
        "--enable-event-simulate",
        "--python",
        str(INSIDE / "play.py"),
        "--",
        str(scratch / "given.json"),
    ]
    with log.open("wb") as output:
        blender = subprocess.Popen(
            [str(gui.program), *window, *script],
            cwd=scratch,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            return blender.wait(seconds)
        except subprocess.TimeoutExpired:
            blender.terminate()
            try:
                return blender.wait(_QUIT)
            except subprocess.TimeoutExpired:
                blender.kill()
                return blender.wait()


def _still_running(*folders: Path) -> list[str]:
    """Command lines that name one of our folders: what Blender started and did not end (Linux only)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if any(str(folder) in line for folder in folders):
            found.append(line)
    return found
