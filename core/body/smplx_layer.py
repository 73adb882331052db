"""A user's official SMPL body, evaluated by `smplx` (method section 4.6).

`smplx` and the official files are for non-commercial use; this module is the only one that imports it, and
only when such a body is asked for, so that a capture with the free body never touches it.
"""

from __future__ import annotations

import contextlib
import io
import os
from types import SimpleNamespace

import numpy as np
from torch import Tensor

from ..errors import Reel2RigError
from ..motion.body import BodyFileCorrupt, BodyTemplate
from ..motion.skeletons import JOINT_COUNT, SMPL_PARENTS
from .layer import BodyLayer, BodyOutput

SMPL_VERTICES = 6890


class SmplxMissing(Reel2RigError):
    code = "body.smplx_missing"
    exit_code = 5


class SmplxLayer(BodyLayer):
    """The same calls as `BodyLayer`; what `forward` returns comes from ``smplx.SMPLLayer``.

    Args:
        body: path of a converted SMPL body (`files.convert_smpl_file`), or the template read from it.

    Raises SmplxMissing when the package is not installed, BodyFileMissing and BodyFileCorrupt.
    """

    def __init__(self, body: str | os.PathLike[str] | BodyTemplate) -> None:
        super().__init__(body)
        try:
            import smplx
            from smplx.vertex_ids import vertex_ids
        except ImportError as error:
            raise SmplxMissing(
                "Your SMPL body needs the package smplx: run `pip install smplx`, or use the free body."
            ) from error
        standard: dict[str, int] = vertex_ids["smplh"]
        known = len(self.template.v_template) == SMPL_VERTICES
        self._vertex_ids = self.template.vertex_ids or (standard if known else {})
        # smplx wants a vertex for each name even on an unknown mesh; those joints are not read.
        names = self._vertex_ids or dict.fromkeys(standard, 0)
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a warning about ten shape coefficients
            self.smpl = smplx.SMPLLayer("", data_struct=_smpl_struct(self.template), vertex_ids=names)

    @property
    def vertex_ids(self) -> dict[str, int]:
        """The file's own, or smplx's table for SMPL's mesh."""
        return self._vertex_ids

    def _posed(self, rotations: Tensor, betas: Tensor) -> BodyOutput:
        output = self.smpl(betas=betas, global_orient=rotations[:, :1], body_pose=rotations[:, 1:])
        return BodyOutput(output.vertices, output.joints[:, :JOINT_COUNT])


def _smpl_struct(body: BodyTemplate) -> SimpleNamespace:
    """The template under the names of an official file, as smplx reads them."""
    if body.J_regressor is None:
        raise BodyFileCorrupt("This body file has no J_regressor: convert your SMPL file again.")
    posedirs = body.posedirs
    if posedirs is None:
        posedirs = np.zeros((len(body.v_template), 3, 9 * (JOINT_COUNT - 1)), np.float32)
    return SimpleNamespace(
        v_template=body.v_template,
        shapedirs=body.shapedirs,
        posedirs=posedirs,
        J_regressor=body.J_regressor,
        weights=body.weights,
        f=body.faces,
        kintree_table=np.array([SMPL_PARENTS, range(JOINT_COUNT)], np.int64),
    )
