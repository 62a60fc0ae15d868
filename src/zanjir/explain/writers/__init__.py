"""Renderings: what selects from a tree of steps and writes it in a form."""
