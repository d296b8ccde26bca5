from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xner_hf import metrics
from xner_hf.errors import XnerError


def test_importing_the_metrics_loads_no_heavy_library():
    code = "import sys, xner_hf.metrics; print(sorted({'evaluate', 'numpy', 'torch'} & set(sys.modules)))"
    root = Path(metrics.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_evaluate_path_is_a_folder_with_a_script_of_its_name():
    folder = Path(metrics.evaluate_path("span_f1"))
    assert folder.name == "evaluate_span_f1"
    assert (folder / "evaluate_span_f1.py").is_file()


def test_evaluate_path_refuses_an_unknown_name_and_offers_the_nearest():
    with pytest.raises(XnerError, match="There is no evaluate module 'span-f1'.* Did you mean 'span_f1'?"):
        metrics.evaluate_path("span-f1")
    with pytest.raises(XnerError, match="there is span_f1"):
        metrics.evaluate_path("")
