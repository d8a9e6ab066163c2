"""Pictures of Datasets; they solve nothing."""
