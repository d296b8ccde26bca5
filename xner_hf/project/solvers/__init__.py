"""Solvers of candidate matching: at most one span per entity, no target word covered twice.

Given scores ``c[p, t]`` of entities p and candidate spans t and a threshold tau, maximise the sum of ``c - tau`` over
the matches taken; cells with ``c <= tau`` are never taken. All solvers (`Solver`) are deterministic. `exact` and
`milp` reach the same objective but may choose different spans where several matchings are equally good.
"""

from __future__ import annotations

from xner_hf.project.solvers.exact import solve_exact
from xner_hf.project.solvers.greedy import solve_greedy
from xner_hf.project.solvers.milp import solve_milp
from xner_hf.project.solvers.problem import Solver, objective

SOLVERS: dict[str, Solver] = {"greedy": solve_greedy, "exact": solve_exact, "milp": solve_milp}
"""Every solver by name."""

__all__ = ["SOLVERS", "Solver", "objective", "solve_exact", "solve_greedy", "solve_milp"]
