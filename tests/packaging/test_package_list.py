"""pyproject.toml lists every sub-package by hand, since the folders do not bear their installed names."""

from __future__ import annotations

import fnmatch
from pathlib import Path

from source_tree import PACKAGE_FOLDERS, ROOT, module_name, pyproject


def product_files() -> list[Path]:
    return [
        path
        for folder in PACKAGE_FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]


def test_every_folder_with_python_files_is_a_listed_package() -> None:
    listed = set(pyproject()["tool"]["setuptools"]["packages"])
    on_disk = {module_name(path.parent / "__init__.py") for path in product_files() if path.suffix == ".py"}
    assert on_disk <= listed, f"add to packages in pyproject.toml: {sorted(on_disk - listed)}"
    assert listed <= on_disk, f"listed in pyproject.toml and gone: {sorted(listed - on_disk)}"


def test_every_package_has_an_init_file() -> None:
    without = {path.parent for path in product_files() if path.suffix == ".py"} - {
        path.parent for path in product_files() if path.name == "__init__.py"
    }
    assert not without, f"no __init__.py in {sorted(str(folder.relative_to(ROOT)) for folder in without)}"


def test_every_other_file_is_package_data_of_a_listed_package() -> None:
    settings = pyproject()["tool"]["setuptools"]
    for path in product_files():
        if path.suffix == ".py":
            continue
        folder = next(parent for parent in path.parents if (parent / "__init__.py").exists())
        package = module_name(folder / "__init__.py")
        inside = path.relative_to(folder).as_posix()
        patterns = [*settings["package-data"]["*"], *settings["package-data"].get(package, [])]
        # A pattern speaks of one folder: its `*` does not reach into the next.
        shipped = any(
            fnmatch.fnmatch(inside, pattern) and inside.count("/") == pattern.count("/")
            for pattern in patterns
        )
        assert shipped, f"{path.relative_to(ROOT)} would not be in the wheel: add it to package-data"


def test_no_folder_of_the_checkout_shadows_the_installed_package() -> None:
    assert not (ROOT / "reel2rig").exists()
    assert not (ROOT / "reel2rig.py").exists()


def test_both_opencv_packages_are_pinned_to_one_version() -> None:
    """They write into the same `cv2` folder, so that two versions break each other."""
    worker = pyproject()["project"]["optional-dependencies"]["worker"]
    pins = dict(item.split("==") for item in worker if item.startswith("opencv"))
    assert set(pins) == {"opencv-python", "opencv-contrib-python"}
    assert len(set(pins.values())) == 1


def test_the_version_in_the_code_is_the_version_of_the_package() -> None:
    """Inside Blender there is no package metadata to ask, so that it stands in the code as well."""
    from reel2rig.bridge.version import VERSION

    assert pyproject()["project"]["version"] == VERSION


def test_the_torch_that_setup_installs_is_the_one_that_the_package_declares() -> None:
    from reel2rig.bridge.client.torch_build import TORCH

    assert TORCH in pyproject()["project"]["optional-dependencies"]["worker"]


def test_the_large_files_are_ordinary_git_files() -> None:
    for path in product_files():
        if path.suffix in {".npz", ".safetensors"}:
            head = path.read_bytes()[:40]
            assert not head.startswith(b"version https://git-lfs"), (
                f"{path.relative_to(ROOT)} is an LFS pointer"
            )
            assert path.stat().st_size <= 30e6, f"{path.relative_to(ROOT)} is over 30 MB"
