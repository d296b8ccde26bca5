"""Fixtures of several modules."""

from student_fixtures import student, tokenizer, train  # noqa: F401
