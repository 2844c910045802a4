"""The HTTP service: one process, one engine in one worker thread. Knows nothing of training."""
