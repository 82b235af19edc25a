"""One run of the suite: its settings, its plan, the run itself, cleanup and the verdict."""
