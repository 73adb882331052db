"""The virtual crop camera: where a person-centred crop looks, how wide it is, and what the landmarks are in
it (method section 3.2).

A crop alone cannot tell an off-centre person who faces the camera from a centred person who is turned. Given
the focal length, the optical axis is turned through the crop's centre, the network answers in that turned
camera, and the turn is undone afterwards: the ambiguity is removed exactly, not learned.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..network.rotations import turn_between

CROP_MARGIN = 1.2  # crop side over the landmarks' larger extent
BOX_SIGMA = 2.0  # frames at the network's rate; boxes that tremble would make the virtual camera tremble


@dataclass
class CropCamera:
    """One virtual camera per frame.

    **Convention**: camera axes x right, y down, z forward. `rotation` takes true-camera directions to the
    virtual camera.

    Attributes:
        centre: (..., T, 2) crop centre in px from the image centre (the principal point).
        half: (..., T) half the crop's side in px.
        rotation: (..., T, 3, 3) true camera -> virtual camera.
        spread: (..., T) tangent of the crop's half angle: half side over focal length, along the ray.
    """

    centre: Tensor
    half: Tensor
    rotation: Tensor
    spread: Tensor

    def see(self, pixels: Tensor, focal: Tensor | float) -> Tensor:
        """Pixels (..., T, L, 2) from the image centre -> coordinates (..., T, L, 2) in the crop, the crop
        being [-1, 1].
        """
        rays = torch.cat([pixels / focal, torch.ones_like(pixels[..., :1])], -1)
        turned = torch.einsum("...ij,...lj->...li", self.rotation, rays)
        # A landmark placed absurdly far outside the picture must not cross the virtual camera's horizon.
        return turned[..., :2] / turned[..., 2:].clamp_min(0.2) / self.spread[..., None, None]

    def numbers(self) -> Tensor:
        """(..., T, 3) what the crop's pixels cannot tell: log of the spread, and the sines of the axis'
        direction.
        """
        return torch.cat([self.spread.log()[..., None], self.rotation[..., 2, :2]], -1)


def crop_camera(pixels: Tensor, focal: Tensor | float, sigma: float = BOX_SIGMA) -> CropCamera:
    """Landmark pixels (..., T, L, 2), measured from the image centre, and a focal length in px -> the virtual
    cameras.

    Args:
        focal: px; a number, or a tensor that broadcasts against ``pixels`` with its last axes (..., 1, 1, 1).
        sigma: Gaussian smoothing of the boxes along T, in frames; edges are replicated.
    """
    low, high = pixels.amin(-2), pixels.amax(-2)
    half = (high - low).amax(-1).clamp_min(1e-6) * (CROP_MARGIN / 2)
    box = torch.cat([(low + high) / 2, half.log()[..., None]], -1)
    box = smooth_in_time(box, sigma)
    centre, half = box[..., :2], box[..., 2].exp()
    per_frame = focal[..., 0, 0] if isinstance(focal, Tensor) else focal
    flat = focal[..., 0] if isinstance(focal, Tensor) else focal
    axis = F.normalize(torch.cat([centre / flat, torch.ones_like(centre[..., :1])], -1), dim=-1)
    ahead = torch.tensor([0.0, 0.0, 1.0], dtype=axis.dtype, device=axis.device).expand(axis.shape)
    return CropCamera(centre, half, turn_between(axis, ahead), half / per_frame * axis[..., 2])


def smooth_in_time(x: Tensor, sigma: float) -> Tensor:
    """Gaussian along the axis before the last, (..., T, c); edges replicated; sigma 0 returns `x`."""
    if sigma <= 0 or x.shape[-2] == 1:
        return x
    radius = int(3 * sigma + 0.5)
    t = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-0.5 * (t / sigma) ** 2)
    kernel = kernel / kernel.sum()
    T = x.shape[-2]
    reach = (torch.arange(T, device=x.device)[:, None] + t.long()).clamp(0, T - 1)  # (T, taps)
    if T <= 64:  # a window: one small matrix
        mixing = torch.zeros(T, T, dtype=x.dtype, device=x.device)
        mixing.scatter_add_(1, reach, kernel.expand(T, -1).contiguous())
        return mixing @ x
    return torch.einsum("k,...tkc->...tc", kernel, x[..., reach, :])
