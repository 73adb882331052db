import json
import subprocess
import sys

import pytest


@pytest.fixture
def reel2rig_itself(variables, tmp_path):
    """The command line as it is, with an empty home and nothing faked."""

    def run(*arguments, **changes):
        command = [sys.executable, "-m", "reel2rig.bridge.cli", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=variables | changes, check=False
        )

    return run


@pytest.mark.parametrize(
    "command",
    [
        "setup",
        "capture",
        "convert",
        "scan",
        "doctor",
        "demo",
        "bench",
        "train",
        "evaluate",
        "ablate",
        "data",
        "figures",
    ],
)
def test_every_command_explains_itself(reel2rig_itself, command):
    done = reel2rig_itself(command, "--help")
    assert done.returncode == 0
    assert f"{command} " in done.stdout


def test_help_and_version_import_no_heavy_package(variables):
    code = (
        "import sys\n"
        "from reel2rig.bridge.cli import app\n"
        "print([name for name in ('torch', 'cv2', 'mediapipe', 'scipy', 'bpy', 'av') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_version_is_printed(reel2rig_itself):
    from reel2rig.bridge.version import VERSION

    assert reel2rig_itself("--version").stdout.strip() == VERSION


def test_an_unknown_command_is_a_usage_error(reel2rig_itself):
    done = reel2rig_itself("captur")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_doctor_says_what_is_missing_and_what_to_do(reel2rig_itself):
    done = reel2rig_itself("doctor")
    assert done.returncode == 4  # the home is empty: no landmark model
    assert "missing landmark model" in done.stdout
    assert "reel2rig setup" in done.stdout
    told = json.loads(reel2rig_itself("doctor", "--json").stdout)
    assert told["ready"] is False
    missing = {each["name"] for each in told["findings"] if each["state"] == "missing"}
    assert "landmark model" in missing
    assert all(each["advice"] for each in told["findings"] if each["state"] == "missing")


def test_doctor_leaves_no_trace(reel2rig_itself, tmp_path):
    reel2rig_itself("doctor")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["bench", "nothing"], "bench.unknown", 2),
        (["scan", "none.mp4"], "video.not_found", 2),
    ],
)
def test_a_refusal_is_one_sentence_with_its_code(reel2rig_itself, arguments, code, exit_code):
    done = reel2rig_itself(*arguments)
    assert done.returncode == exit_code
    assert f"Error [{code}]: " in done.stderr
    assert "Traceback" not in done.stderr


def test_removing_an_environment_that_is_not_there_is_fine(reel2rig_itself):
    done = reel2rig_itself("setup", "--remove")
    assert done.returncode == 0
    assert "no environment" in done.stderr


def test_the_package_offers_its_functions_without_importing_them():
    code = (
        "import sys, reel2rig\n"
        "assert not any(name.startswith('reel2rig.') for name in sys.modules), sys.modules\n"
        "from reel2rig import capture, load, save, MotionClip, CaptureSettings, __version__\n"
        "assert 'torch' not in sys.modules\n"
        "print(capture.__name__, __version__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    import reel2rig

    with pytest.raises(AttributeError, match="nothing_like_this"):
        _ = reel2rig.nothing_like_this
    assert "capture" in dir(reel2rig)
