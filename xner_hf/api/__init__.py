"""The public Python API; `import xner_hf as xner` offers all of it by name, imported when it is used."""
