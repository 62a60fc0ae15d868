"""Two colors that can be read on white and on black: their contrast with either is at least 4.5."""

__all__ = ["GRADIENT", "VALUE"]

VALUE = "#218739"
GRADIENT = "#d73a49"
