"""Small tensors: a second thread would only wait for the first."""

import pytest
import torch
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.databases.synthetic import write_synthetic_database

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Three tracks of 24 simulated frames."""
    folder = tmp_path_factory.mktemp("databases") / "filmed_train"
    return open_database(write_synthetic_database(folder, tracks=3, frames=24, C=32, seed=5, name="filmed"))
