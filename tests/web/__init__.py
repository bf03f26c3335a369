"""Tests of the views and the webhook."""
