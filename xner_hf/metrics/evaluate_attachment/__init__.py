"""Folder of the `evaluate` module; ``evaluate.load`` reads the script of the same name."""
