"""Translate, tag, align, project: the staged run of a recipe."""
