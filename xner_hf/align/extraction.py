"""Links from the states of a whole batch of sentence pairs, on the device that holds them.

The methods are argmax, itermax and mwmf of Jalili Sabet et al. (2020) on cosine similarities, with the same links as
simalign 0.4, and softmax of Dou & Neubig (2021) on dot products. A *unit* is what is linked: a sub-word or a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

METHODS = ("argmax", "itermax", "mwmf", "softmax")
TEMPERATURE = 0.1
"""Cosines are divided by it before the softmax that turns them into probabilities."""

_DAMPING = 0.9
_PADDING = -1.0
"""Similarity of padding; real similarities lie in [0, 1]."""


def extract(
    sources: torch.Tensor,
    targets: torch.Tensor,
    source_counts: torch.Tensor,
    target_counts: torch.Tensor,
    method: str,
    threshold: float = 0.001,
    union: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the links between the units of pairs.

    The score of a link is the geometric mean of two probabilities: that of the target unit among all of its sentence
    given the source unit, and the reverse. They are softmaxes over rows and columns of the matrix of dot products for
    `softmax`, of cosines divided by `TEMPERATURE` for the other methods.

    Args:
        sources: float32 ``[source units, hidden]``, the units of all pairs one after the other.
        targets: float32 ``[target units, hidden]``.
        source_counts: int64 ``[pairs]``, units of each pair, 1 or more.
        target_counts: the same for the target side.
        method: one of `METHODS`.
        threshold: softmax links the units whose probabilities are both above it.
        union: link what either direction links, not both; for argmax and softmax.

    Returns:
        int64 ``[links, 3]``: pair, source unit and target unit, numbered within their sentence, in no order and
        perhaps twice; float32 ``[links]``: the scores, in (0, 1].
    """
    import torch

    if method != "softmax":
        sources = torch.nn.functional.normalize(sources, dim=-1)
        targets = torch.nn.functional.normalize(targets, dim=-1)
    left, right = _pad(sources, source_counts), _pad(targets, target_counts)
    rows = _real(source_counts, left.shape[1])
    columns = _real(target_counts, right.shape[1])
    matrix = torch.bmm(left, right.transpose(1, 2))
    if method == "softmax":
        return _softmax(matrix, rows, columns, threshold, union)
    # The scale of simalign, which itermax and mwmf depend on.
    matrix.add_(1).div_(2)
    _fill_padding(matrix, rows, columns, _PADDING)
    if method == "mwmf":
        links = _matching(matrix, source_counts, target_counts)
    else:
        links = _argmax(matrix, rows, columns, union)
        if method == "itermax":
            links = torch.cat([links, _second_round(matrix, rows, columns, links)])
    # cosine / TEMPERATURE = (2 similarity - 1) / TEMPERATURE; exp is kept in range by a shift of the greatest value.
    similarity = matrix[tuple(links.T)]
    weights = matrix.sub_(1).mul_(2 / TEMPERATURE).exp_()
    _fill_padding(weights, rows, columns, 0.0)
    by_row, by_column = weights.sum(2).log_(), weights.sum(1).log_()
    mean = (by_row[links[:, 0], links[:, 1]] + by_column[links[:, 0], links[:, 2]]) / 2
    return links, ((similarity - 1) * (2 / TEMPERATURE) - mean).exp_().clamp_(max=1)


def pool(states: torch.Tensor, owners: torch.Tensor, size: int) -> torch.Tensor:
    """Return the mean state of each of `size` words; `owners` names the word of each sub-word."""
    import torch

    sums = torch.zeros(size, states.shape[1], dtype=states.dtype, device=states.device).index_add_(0, owners, states)
    return sums / torch.bincount(owners, minlength=size)[:, None]


def _pad(states: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return ``[pairs, longest, hidden]`` with zeros where a sentence has ended."""
    padded = states.new_zeros(len(counts), int(counts.max()), states.shape[1])
    places = _real(counts, padded.shape[1]).view(-1).nonzero()[:, 0]
    padded.view(-1, states.shape[1]).index_copy_(0, places, states)
    return padded


def _real(counts: torch.Tensor, width: int) -> torch.Tensor:
    """Return a bool ``[pairs, width]`` that is true where a sentence has a unit."""
    import torch

    return torch.arange(width, device=counts.device) < counts[:, None]


def _fill_padding(matrix: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, value: float) -> None:
    matrix.masked_fill_(~rows[:, :, None], value)
    matrix.masked_fill_(~columns[:, None, :], value)


def _argmax(matrix: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, union: bool) -> torch.Tensor:
    """Return the links ``[links, 3]`` of units that are each other's most similar; the first of equals counts."""
    import torch

    forward, backward = matrix.max(2).indices, matrix.max(1).indices  # several times faster on a CPU than argmax
    if not union:
        units = torch.arange(matrix.shape[1], device=matrix.device)
        return _by_row(rows & (backward.gather(1, forward) == units), forward)
    pair, unit = columns.nonzero(as_tuple=True)
    return torch.cat([_by_row(rows, forward), torch.stack([pair, backward[pair, unit], unit], dim=1)])


def _by_row(chosen: torch.Tensor, forward: torch.Tensor) -> torch.Tensor:
    """Return the links ``[links, 3]`` of chosen rows ``[pairs, source units]`` with the columns they point to."""
    import torch

    pair, unit = chosen.nonzero(as_tuple=True)
    return torch.stack([pair, unit, forward[pair, unit]], dim=1)


def _second_round(
    matrix: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, links: torch.Tensor
) -> torch.Tensor:
    """Return the links that itermax adds to those of argmax.

    Similarities are multiplied by 0.9 where one of the units has a link, by 0 where both have one. As in simalign
    there is no second round where a side has two units or fewer, or is wholly linked.
    """
    import torch

    free_rows, free_columns = torch.ones_like(rows), torch.ones_like(columns)
    free_rows[links[:, 0], links[:, 1]] = False
    free_columns[links[:, 0], links[:, 2]] = False
    goes_on = (rows.sum(1) > 2) & (columns.sum(1) > 2)
    goes_on &= (free_rows & rows).any(1) & (free_columns & columns).any(1)
    # Padding is counted as free, so that it stays below every real similarity.
    damped = free_rows.to(matrix.dtype)[:, :, None] + free_columns.to(matrix.dtype)[:, None, :]
    damped.mul_(_DAMPING).clamp_(max=1).mul_(matrix)
    forward, backward = damped.max(2).indices, damped.max(1).indices
    units = torch.arange(matrix.shape[1], device=matrix.device)
    mutual = rows & goes_on[:, None] & (backward.gather(1, forward) == units)
    return _by_row(mutual & (free_rows | free_columns.gather(1, forward)), forward)


def _matching(matrix: torch.Tensor, source_counts: torch.Tensor, target_counts: torch.Tensor) -> torch.Tensor:
    """Return the links of the matching of greatest total similarity, as many as the shorter side has units."""
    import numpy as np
    import torch
    from scipy.optimize import linear_sum_assignment

    found = []
    sizes = zip(source_counts.tolist(), target_counts.tolist(), strict=True)
    for pair, (similarity, (m, n)) in enumerate(zip(matrix.cpu().numpy(), sizes, strict=True)):
        source, target = linear_sum_assignment(similarity[:m, :n], maximize=True)
        found.append(np.stack([np.full_like(source, pair), source, target], axis=1))
    return torch.from_numpy(np.concatenate(found)).to(matrix.device)


def _softmax(
    products: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, threshold: float, union: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return links whose probabilities are above the threshold, and their scores."""
    import math

    _fill_padding(products, rows, columns, -math.inf)
    # Rows and columns of padding make NaN of -inf - -inf.
    by_row = _log_sum(products, 2).masked_fill_(~rows, 0)
    by_column = _log_sum(products, 1).masked_fill_(~columns, 0)
    least = math.log(threshold)
    chosen = products > (by_row + least)[:, :, None]
    other = products > (by_column + least)[:, None, :]
    links = (chosen.logical_or_(other) if union else chosen.logical_and_(other)).nonzero()
    pair, source, target = links.T
    score = products[pair, source, target] - (by_row[pair, source] + by_column[pair, target]) / 2
    return links, score.exp_().clamp_(max=1)


def _log_sum(products: torch.Tensor, dimension: int) -> torch.Tensor:
    """Return the logarithm of the sum of exponentials."""
    top = products.amax(dimension, keepdim=True)
    # exp(-80) counts for nothing beside exp(0), and far smaller numbers are denormal, which slows a CPU tenfold.
    return (products - top).clamp_(min=-80).exp_().sum(dimension).log_().add_(top.squeeze(dimension))
