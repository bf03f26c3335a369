"""The programs that receive; each runs in a process of its own."""
