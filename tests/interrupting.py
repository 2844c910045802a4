"""A training that is broken off."""

from pathlib import Path

from training.checkpoint import Checkpoints


class Interrupting(Checkpoints):
    """Breaks off after some steps, as a kill would: what was written stays."""

    def __init__(self, folder: Path, at: int) -> None:
        super().__init__(folder, every_s=0)
        self._at = at

    def is_due(self) -> bool:
        self._at -= 1
        if self._at < 0:
            raise KeyboardInterrupt
        return True
