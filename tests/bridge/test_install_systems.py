"""Windows, macOS and GPUs as they look to the installer: pretended, as no such computer is at hand."""

import ntpath
import subprocess
import sys
from pathlib import Path

import pytest
from reel2rig.bridge import processes
from reel2rig.bridge.client import choice as choices
from reel2rig.bridge.client import (
    environment,
    existing,
    folder_checks,
    gpu,
    pip_progress,
    plan,
    platforms,
    pythons,
    torch_build,
)
from reel2rig.bridge.client.choice import InstallChoice
from reel2rig.bridge.client.folder_checks import SetupDiskFull, SetupNotWritable, SetupPathTooLong
from reel2rig.bridge.client.gpu import Gpu, find_gpu, gpu_advice
from reel2rig.bridge.client.pip_progress import PipProgress
from reel2rig.bridge.client.torch_build import (
    TorchAddressMissing,
    needs_address,
    resulting_build,
    torch_index,
)
from reel2rig.bridge.errors import PythonMissing
from reel2rig.bridge.home import Home


@pytest.fixture
def system(monkeypatch):
    """Pretend to be on another system: `system("win32", "AMD64")`."""

    def pretend(name, machine="x86_64", mac=""):
        monkeypatch.setattr(sys, "platform", name)
        monkeypatch.setattr(platforms.platform, "machine", lambda: machine)
        monkeypatch.setattr(platforms.platform, "mac_ver", lambda: (mac, ("", "", ""), machine))

    return pretend


# ---- Pythons ----


def answers(monkeypatch, said):
    """Let every candidate answer the probe with the line for it; those without one cannot be started."""

    class Answer:
        returncode = 0

        def __init__(self, command):
            line = next((said[key] for key in said if key == tuple(command[: len(key)])), None)
            if line is None:
                raise FileNotFoundError(2, "No such file")
            self.line = line

        def communicate(self, timeout=None):
            return self.line.encode(), b""

    monkeypatch.setattr(pythons, "spawn", lambda command, **options: Answer(command))


def test_windows_finds_a_python_through_its_launcher(system, monkeypatch):
    system("win32", "AMD64")
    monkeypatch.setitem(sys.modules, "bpy", object())  # inside Blender, whose own Python comes last
    there = {
        "py": r"C:\Windows\py.exe",
        "python": r"C:\Users\a\AppData\Local\Microsoft\WindowsApps\python.exe",
    }
    monkeypatch.setattr(pythons.shutil, "which", there.get)
    monkeypatch.setattr(pythons, "_windows_folders", lambda: iter(()))
    found = r"C:\Users\ä b\Python312\python.exe"
    answers(monkeypatch, {(there["py"], "-3.12"): f"3 12 win-amd64 {found}\n"})
    program = pythons.find_python()
    assert (str(program.path), program.version) == (found, (3, 12))


def test_the_microsoft_stores_python_is_refused_by_name(system, monkeypatch):
    system("win32", "AMD64")
    for path in (
        r"C:\Users\a\AppData\Local\Microsoft\WindowsApps\python3.11.exe",
        "C:/Program Files/../Microsoft/WindowsApps/PythonSoftwareFoundation.Python.3.12/python.exe",
    ):
        assert pythons.is_store_stub(path)
        with pytest.raises(PythonMissing, match="Microsoft Store"):
            existing.look_at(Path(path))
    assert not pythons.is_store_stub(r"C:\Python311\python.exe")
    answers(monkeypatch, {("py",): r"3 11 win-amd64 C:\x\Microsoft\WindowsApps\python.exe"})
    assert "Microsoft Store" in pythons._examine(("py", "-3.11"))[1]


@pytest.mark.parametrize(
    ("name", "machine", "tag", "words"),
    [
        ("win32", "AMD64", "win-amd64", ""),
        ("win32", "ARM64", "win-amd64", ""),  # Windows on ARM runs it
        ("win32", "ARM64", "win-arm64", "x86-64 Python"),
        ("win32", "AMD64", "win32", "64-bit"),
        ("darwin", "arm64", "macosx-11.0-arm64", ""),
        ("darwin", "arm64", "macosx-10.9-universal2", ""),
        ("darwin", "arm64", "macosx-10.9-x86_64", "Apple silicon"),
        ("darwin", "x86_64", "macosx-10.9-universal2", "Intel"),
        ("linux", "x86_64", "linux-x86_64", ""),
    ],
)
def test_a_python_for_which_there_are_no_packages_is_refused_before_anything_is_downloaded(
    system, name, machine, tag, words
):
    system(name, machine)
    reason = platforms.unfit(tag)
    assert words in reason
    assert bool(words) == bool(reason)


def test_an_old_macos_is_told(system):
    system("darwin", "arm64", "13.6.1")
    assert "macOS 14" in platforms.unfit_system()
    system("darwin", "arm64", "15.0")
    assert platforms.unfit_system() == ""
    system("linux")
    assert platforms.unfit_system() == ""


def test_a_folder_or_a_windowless_python_means_the_python_in_it(system, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    (tmp_path / "Scripts").mkdir()
    (tmp_path / "Scripts" / "python.exe").touch()
    assert pythons.python_in(tmp_path) == tmp_path / "bin" / "python"
    system("win32", "AMD64")
    assert pythons.python_in(tmp_path) == tmp_path / "Scripts" / "python.exe"
    assert pythons.python_in(tmp_path / "Scripts" / "pythonw.exe") == tmp_path / "Scripts" / "python.exe"
    conda = tmp_path / "conda"
    conda.mkdir()
    (conda / "python.exe").touch()
    assert pythons.python_in(conda) == conda / "python.exe"


def test_the_environment_of_windows_has_its_python_in_scripts(system, tmp_path):
    system("win32", "AMD64")
    own = environment.own_environment(Home(tmp_path))
    assert own.python == tmp_path / "env" / "Scripts" / "python.exe"


def test_no_console_window_flashes_up_on_windows(system, monkeypatch):
    system("win32", "AMD64")
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    seen = {}
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: seen.update(options))
    processes.spawn(["python.exe"])
    assert seen["creationflags"] & subprocess.CREATE_NO_WINDOW
    assert "start_new_session" not in seen


def test_apples_gpu_falls_back_to_the_cpu_for_what_it_lacks(system):
    assert "PYTORCH_ENABLE_MPS_FALLBACK" not in processes.python_environment("python")
    system("darwin", "arm64")
    assert processes.python_environment("python")["PYTORCH_ENABLE_MPS_FALLBACK"] == "1"


# ---- the folder ----


def test_a_path_that_windows_would_cut_off_is_refused_unless_long_paths_are_on(system, monkeypatch):
    long = Path("C:/" + "long/" * 20 + "env")
    folder_checks.check_length(long)  # not on Linux
    system("win32", "AMD64")
    monkeypatch.setattr(folder_checks, "_long_paths_allowed", lambda: False)
    folder_checks.check_length(Path("C:/Users/Äöü/AppData/Local/reel2rig/env"))
    with pytest.raises(SetupPathTooLong, match="short home folder"):
        folder_checks.check_length(long)
    monkeypatch.setattr(folder_checks, "_long_paths_allowed", lambda: True)
    folder_checks.check_length(long)


def test_long_paths_are_deleted_with_the_prefix_for_them(system, monkeypatch):
    removed = []
    monkeypatch.setattr(folder_checks.shutil, "rmtree", lambda path, **_: removed.append(str(path)))
    folder_checks.remove_tree(Path("/home/a/env"))
    system("win32", "AMD64")
    folder_checks.remove_tree(Path(ntpath.join("C:\\reel2rig", "env")))
    folder_checks.remove_tree(Path("\\\\server\\share\\env"))
    assert removed == ["/home/a/env", "\\\\?\\C:\\reel2rig\\env", "\\\\server\\share\\env"]


def test_a_folder_in_which_nothing_may_be_made_is_refused(tmp_path, monkeypatch):
    home = Home(tmp_path / "not yet" / "there")
    folder_checks.check_folder(home, 1.0)

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder_checks.tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(SetupNotWritable, match="choose another home folder"):
        folder_checks.check_folder(home, 1.0)


def test_what_an_old_environment_frees_counts_as_free(tmp_path, monkeypatch):
    home = Home(tmp_path)
    home.environment.mkdir()
    (home.environment / "torch.bin").write_bytes(bytes(5000))
    assert folder_checks.tree_size(home.environment) == 5000
    monkeypatch.setattr(folder_checks, "free_disk", lambda folder: 2.0e9)
    with pytest.raises(SetupDiskFull):
        folder_checks.check_folder(home, 3e9)
    folder_checks.check_folder(home, 3e9 - 2e9)


# ---- the build of PyTorch ----


@pytest.mark.parametrize(
    ("name", "needed", "default"),
    [
        ("linux", {"cpu", "rocm", "custom"}, "cuda"),
        ("win32", {"cuda", "rocm", "custom"}, "cpu"),
        ("darwin", {"cuda", "rocm", "custom"}, "mps"),
    ],
)
def test_an_address_is_asked_for_only_where_pips_own_index_lacks_the_build(system, name, needed, default):
    system(name)
    assert {build for build in torch_build.BUILDS if needs_address(build)} == needed
    assert resulting_build("auto", None) == default
    with pytest.raises(TorchAddressMissing, match=r"pytorch\.org"):
        torch_index("rocm", None)


def test_the_whole_command_that_pytorch_org_shows_may_be_pasted(monkeypatch):
    command = "pip3 install torch torchvision --index-url https://wheels.example/whl/cu126"
    assert torch_index("cuda", command) == "https://wheels.example/whl/cu126"
    assert resulting_build("auto", torch_index("auto", command)) == "cuda"
    assert resulting_build("custom", "https://wheels.example/whl/rocm6.4/") == "rocm"
    assert resulting_build("custom", "https://wheels.example/simple") == ""
    with pytest.raises(TorchAddressMissing, match="no address"):
        torch_index("auto", "pip3 install torch")
    monkeypatch.setenv(torch_build.TORCH_INDEX_VARIABLE, "https://variable.example/cpu")
    assert torch_index("auto") == "https://variable.example/cpu"
    assert torch_index("cuda", command) != "https://variable.example/cpu"


def test_a_folder_of_wheels_needs_no_address_and_no_download(tmp_path):
    chosen = InstallChoice(torch_build="rocm", wheels=tmp_path)
    assert (chosen.index(), chosen.download()) == (None, 0.0)
    assert choices.InstallChoice(torch_build="rocm", torch_index="https://x.example/rocm6").disk() > 20e9


# ---- GPUs ----


def test_a_gpu_is_found_without_torch(system, tmp_path, monkeypatch):
    nvidia, kfd, pci = tmp_path / "nvidia", tmp_path / "kfd", tmp_path / "pci"
    monkeypatch.setattr(gpu, "_NVIDIA_DRIVER", nvidia)
    monkeypatch.setattr(gpu, "_AMD_NODES", kfd)
    monkeypatch.setattr(gpu, "_PCI_DEVICES", pci)
    monkeypatch.setattr(gpu, "nvidia_smi", lambda: None)
    assert find_gpu() is None

    for number, units in (("0", 0), ("1", 304)):  # the processor, and the card
        (kfd / number).mkdir(parents=True)
        (kfd / number / "properties").write_text(f"cpu_cores_count 8\nsimd_count {units}\n")
        (kfd / number / "name").write_text("gfx1100\n")
    assert find_gpu() == Gpu("amd", "AMD GPU gfx1100")

    (pci / "0000:01").mkdir(parents=True)
    (pci / "0000:01" / "class").write_text("0x030000\n")
    (pci / "0000:01" / "vendor").write_text("0x10de\n")
    found = find_gpu()
    assert (found.maker, found.driver) == ("nvidia", False)

    (nvidia / "0000:01:00.0").mkdir(parents=True)
    (nvidia / "0000:01:00.0" / "information").write_text("Model: \t\t NVIDIA GeForce RTX 4070\nIRQ: 1\n")
    assert find_gpu() == Gpu("nvidia", "NVIDIA GeForce RTX 4070")

    system("darwin", "arm64")
    assert find_gpu().maker == "apple"
    system("darwin", "x86_64")
    assert find_gpu() is None


def test_windows_asks_nvidias_own_tool(system, tmp_path, monkeypatch):
    system("win32", "AMD64")
    for name in ("_NVIDIA_DRIVER", "_AMD_NODES", "_PCI_DEVICES"):
        monkeypatch.setattr(gpu, name, tmp_path / "none")
    monkeypatch.setattr(gpu.shutil, "which", lambda name: None)
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    assert gpu.nvidia_smi() is None
    tool = tmp_path / "System32" / "nvidia-smi.exe"
    tool.parent.mkdir()
    tool.touch()
    assert gpu.nvidia_smi() == str(tool)
    said = "GPU 0: NVIDIA RTX A2000 (UUID: GPU-1234)\n"
    monkeypatch.setattr(gpu, "_output", lambda command: said if command == [str(tool), "-L"] else "")
    assert find_gpu() == Gpu("nvidia", "NVIDIA RTX A2000")


@pytest.mark.parametrize(
    ("found", "device", "cuda", "hip", "words"),
    [
        (None, "cpu", None, None, ""),
        (Gpu("nvidia", "RTX"), "cuda (RTX)", "12.6", None, ""),
        (Gpu("nvidia", "RTX"), "cpu", None, None, "choose the CUDA build and press Repair"),
        (Gpu("nvidia", "RTX"), "cpu", "12.6", None, "update NVIDIA's driver"),
        (Gpu("nvidia", "RTX", driver=False), "cpu", None, None, "install NVIDIA's driver"),
        (Gpu("amd", "gfx"), "cpu", "12.6", None, "choose the ROCm build and press Repair"),
        (Gpu("amd", "gfx"), "cpu", None, "6.4", "/dev/kfd"),
        (Gpu("apple", "Apple GPU"), "cpu", None, None, "update macOS"),
    ],
)
def test_a_gpu_that_torch_cannot_see_is_told_with_the_way_out(found, device, cuda, hip, words):
    advice = gpu_advice(found, device, cuda=cuda, hip=hip)
    assert words in advice
    assert bool(words) == bool(advice)


def test_the_plan_names_a_gpu_that_the_chosen_build_cannot_use(system, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "find_gpu", lambda: Gpu("nvidia", "RTX 4070"))
    monkeypatch.delenv(torch_build.TORCH_INDEX_VARIABLE, raising=False)
    chosen = InstallChoice(python=Path(sys.executable), torch_index="file:///whl/cpu")
    told = plan.plan_install(Home(tmp_path), chosen)
    assert "RTX 4070 is here, and this build cannot use it" in told.hint
    facts = dict(told.facts())
    assert facts["PyTorch"].startswith("CPU build, from file:///whl/cpu")
    assert str(tmp_path) in facts["Folder"]
    assert told.needs_network
    told = plan.plan_install(Home(tmp_path), InstallChoice(torch_build="rocm"))
    assert "pytorch.org" in told.obstacle
    assert [name for name, _ in told.facts()] == ["Folder"]  # no sizes of a build that is not known


# ---- pip's lines ----


def test_pips_lines_become_a_bar_that_never_falls():
    progress = PipProgress(expected=200e6)
    shown = []
    for line in (
        "Collecting torch<2.14,>=2.6",
        "  Downloading torch-2.13.0-cp311.whl.metadata (28 kB)",
        "Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (150.0 MB)",
        "Progress 50000000 of 150000000",
        "Progress 150000000 of 150000000",
        "Using cached scipy-1.17.1-cp311.whl (35.0 MB)",
        "Installing collected packages: a, b, c, d, e, torch",
        "Successfully installed a b c d e torch",
    ):
        progress.hear(line)
        shown.append((progress.fraction, progress.text))
    fractions = [fraction for fraction, _ in shown]
    assert fractions == sorted(fractions)
    assert fractions[3] == pytest.approx(0.8 * 50 / 200)
    assert shown[3][1] == "Downloading torch (50 of 150 MB)"
    assert shown[5][1] == "Taking scipy (35 MB)"
    assert shown[6] == (0.8, "Unpacking 6 packages")
    assert pip_progress.is_noise("Progress 5 of 10")
    assert not pip_progress.is_noise("Collecting x")


def test_an_older_pip_tells_whole_files_only():
    progress = PipProgress(expected=100e6)
    progress.hear("Downloading a-1.whl (40.0 MB)")
    assert progress.fraction == 0.0
    progress.hear("Downloading b-1.whl (10.0 MB)")
    assert progress.fraction == pytest.approx(0.32)
