"""Solvers of candidate matching: at most one span per entity, no target word covered twice.

Given scores ``c[p, t]`` of entities p and candidate spans t and a threshold tau, maximise the sum of ``c - tau`` over
the matches taken; cells with ``c <= tau`` are never taken. Solvers share one signature and return the index of each
entity's candidate, -1 where it gets none. All are deterministic. `exact` and `milp` reach the same objective but may
choose different spans where several matchings are equally good.
"""

from __future__ import annotations

from collections.abc import Callable

from xner_hf.project.solvers.exact import solve_exact
from xner_hf.project.solvers.greedy import solve_greedy
from xner_hf.project.solvers.milp import solve_milp
from xner_hf.project.solvers.problem import objective

SOLVERS: dict[str, Callable[..., list[int]]] = {"greedy": solve_greedy, "exact": solve_exact, "milp": solve_milp}
"""Every solver by name."""

__all__ = ["SOLVERS", "objective", "solve_exact", "solve_greedy", "solve_milp"]
