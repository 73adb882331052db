"""Ten shape directions of unit variance (principal components of the drawn adults)."""

from __future__ import annotations

import numpy as np

from .symmetry import symmetric_directions


def shape_space(vertices: np.ndarray, partner: np.ndarray, count: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Principal components of T-posed bodies.

    Args:
        vertices: (N,V,3) metres. partner: (V,) mirror map.

    Returns:
        mean (V,3) and directions (V,3,count): the body of coefficients b is ``mean + directions @ b``, and
        every coefficient has mean 0 and variance 1 over the drawn adults.

    **Convention** Signs are fixed so that a rebuild gives the same body: coefficient 0 positive is taller,
    the others positive move the surface away from the body's vertical axis (stouter).
    """
    bodies = len(vertices)
    mean = vertices.mean(axis=0)
    _, spread, components = np.linalg.svd((vertices - mean).reshape(bodies, -1), full_matrices=False)
    directions = (components[:count] * (spread[:count, None] / np.sqrt(bodies - 1))).reshape(count, -1, 3)
    top, bottom = mean[:, 1].argmax(), mean[:, 1].argmin()
    outward = mean * (1, 0, 1)
    for index, direction in enumerate(directions):
        growth = direction[top, 1] - direction[bottom, 1] if index == 0 else (direction * outward).sum()
        if growth < 0:
            directions[index] = -direction
    return mean, symmetric_directions(directions.transpose(1, 2, 0), partner)


def coefficients(vertices: np.ndarray, mean: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """(N,B) shape coefficients of bodies (N,V,3), by projection on the orthogonal directions."""
    basis = directions.reshape(-1, directions.shape[2])
    return (vertices - mean).reshape(len(vertices), -1) @ basis / (basis**2).sum(axis=0)


def linear_in_shape(points: np.ndarray, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares ``points[n] = base + slope @ betas[n]``: (N,...,3) -> base (...,3), slope (...,3,B)."""
    design = np.concatenate([np.ones((len(betas), 1)), betas], axis=1)
    solution = np.linalg.lstsq(design, points.reshape(len(points), -1), rcond=None)[0]
    shape = points.shape[1:]
    return solution[0].reshape(shape), np.moveaxis(solution[1:].reshape(-1, *shape), 0, -1)
