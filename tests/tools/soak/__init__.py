"""The long runs, kept short."""
