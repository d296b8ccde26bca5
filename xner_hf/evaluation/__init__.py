"""Scores of taggers, students and projections, and what is fitted on them: weights and the choice of a method."""
