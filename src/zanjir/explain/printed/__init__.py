"""Printed solutions and slides: their audit, the register of their errors, and their questions."""
