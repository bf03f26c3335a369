"""Tests of the dev server, from outside."""
