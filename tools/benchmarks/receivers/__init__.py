"""The programs that receive; each runs in a separate process."""
