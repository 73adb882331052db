"""What a user may choose about the worker's installation: the panel and the command line share it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .torch_build import resulting_build, room, torch_index


@dataclass(frozen=True)
class InstallChoice:
    """What to install, and from where.

    Attributes:
        source: the project's wheel or checkout; None finds what this copy came from.
        python: a Python 3.11 to 3.13, or a folder that holds one, to build on; None finds one.
        torch_build: "auto", "cpu", "cuda", "rocm" or "custom".
        torch_index: the package index that has this build; None is pip's own (or the variable's, for "auto").
        wheels: a folder of wheels to install from, with no network at all.
        proxy: passed to pip, such as http://user:password@host:8080.
        landmark_model: "full" is the one that can be fetched; "" fetches none.
        own: make an environment even if the running Python has the packages, and prefer it from then on.
        repair: remove an existing environment first.
    """

    source: Path | None = None
    python: Path | None = None
    torch_build: str = "auto"
    torch_index: str | None = None
    wheels: Path | None = None
    proxy: str = ""
    landmark_model: str = "full"
    own: bool = False
    repair: bool = False

    def index(self) -> str | None:
        """Where torch comes from; None is pip's own index or the wheel folder.

        Raises TorchAddressMissing.
        """
        return None if self.wheels else torch_index(self.torch_build, self.torch_index)

    def build(self) -> str:
        """The build of torch that will be there; "" when it is not known. Raises TorchAddressMissing."""
        return "" if self.wheels else resulting_build(self.torch_build, self.index())

    def disk(self) -> float:
        """Bytes of free disk that the installation needs. Raises TorchAddressMissing."""
        if self.wheels:  # they are unpacked where they lie; what they hold decides, not this system's default
            size = sum(file.stat().st_size for file in self.wheels.glob("*.whl"))
            return min(max(3.5 * size, 0.1e9), room("rocm").disk)
        return room(self.build()).disk

    def download(self) -> float:
        """Bytes that come over the network. Raises TorchAddressMissing."""
        return 0.0 if self.wheels else room(self.build()).download
