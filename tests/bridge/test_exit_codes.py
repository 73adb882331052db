import errno
import os
import sys
from pathlib import Path

import pytest
from reel2rig.bridge.errors import BlenderFailed, WorkerKilled, exit_sentence, from_wire, writing
from reel2rig.core.errors import DiskFull, OutputError, OutputNotWritable, Reel2RigError


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-9, "out of memory"),
        (137, "out of memory"),
        (-11, "segmentation"),
        (139, "segmentation"),
        (-6, "abort"),
        (0xC0000005, "access violation"),
        (-1073741819, "access violation"),
        (0xC0000017, "memory"),
        (0xC0000135, "DLL"),
        (0, "ended early"),
        (1, "exit code 1"),
        (255, "exit code 255"),
    ],
)
def test_an_exit_code_becomes_words(code, words):
    assert words in exit_sentence(code)


def test_every_exit_code_becomes_some_words():
    assert all(exit_sentence(code) for code in range(-300, 300))


def test_a_known_error_comes_back_over_the_wire_as_itself():
    error = from_wire("worker.killed", "It died.", 4)
    assert type(error) is WorkerKilled
    assert type(from_wire("blender.failed", "x", 3)) is BlenderFailed


def test_an_error_unknown_here_keeps_its_code_sentence_and_exit_code():
    error = from_wire("future.thing", "Do this.", 9)
    assert isinstance(error, Reel2RigError)
    assert (error.code, error.message, error.exit_code) == ("future.thing", "Do this.", 9)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EACCES, OutputNotWritable),
        (errno.EROFS, OutputNotWritable),
        (errno.EIO, OutputError),
    ],
)
def test_an_error_of_the_system_becomes_ours(number, kind):
    with pytest.raises(kind) as caught, writing(Path("a.npz")):
        raise OSError(number, os.strerror(number))
    assert type(caught.value) is kind
    assert "a.npz" in caught.value.message


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_really_is_full_is_told():
    with pytest.raises(DiskFull), writing(Path("/dev/full")), open("/dev/full", "wb", buffering=0) as file:
        file.write(b"x")


def test_the_package_version_is_that_of_the_project_file():
    import tomllib

    from reel2rig.bridge.client.torch_build import TORCH
    from reel2rig.bridge.version import VERSION

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert TORCH in project["optional-dependencies"]["worker"]


def test_the_client_imports_nothing_but_the_standard_library():
    import subprocess

    code = (
        "import sys; before = set(sys.modules)\n"
        "import reel2rig.bridge.client.session, reel2rig.bridge.client.install_task, reel2rig.bridge.jobs\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(n for n in new - {'reel2rig'} if n not in sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
