"""``python -m xner_hf`` is ``xner``; ``torchrun -m xner_hf train ...`` starts it on several processes."""

from __future__ import annotations

from xner_hf.cli import main

if __name__ == "__main__":
    main()
