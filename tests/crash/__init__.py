"""Processes killed with SIGKILL at any moment: what was acknowledged is delivered, and nothing is stuck."""
