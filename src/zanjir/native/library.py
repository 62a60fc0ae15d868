"""The functions that all programs share: products of matrices, and random numbers; compiled once per machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from zanjir.native.blas import Blas
from zanjir.native.compiler import build, host
from zanjir.native.gemm import gemm_name, gemm_text
from zanjir.native.philox import uniform_function
from zanjir.native.values import Kind

__all__ = ["Library"]


@dataclass(frozen=True)
class Library:
    """Addresses of functions, each for float and for double.

    Parameters
    ----------
    chosen : Blas
        Whose products of large matrices are used.
    """

    chosen: Blas
    found: dict[tuple[str, str], int] = field(default_factory=dict)

    def product(self, element: str) -> int:
        """The product of matrices of any size."""
        text = gemm_text(element, interface=self.chosen.interface)
        return build(text).address(gemm_name(element))

    def draw(self, element: str) -> int:
        """What fills an array with random numbers."""
        return build(draw_text(element)).address(f"philox_{Kind(element).short}")

    def address(self, function: str, element: str) -> int:
        """Return the address of a function: ``"product"``, ``"draw"`` or ``"blas"``; compiled when first asked for."""
        key = (function, element)
        if key not in self.found:
            self.found[key] = {"product": self.product, "draw": self.draw, "blas": self.chosen.address}[function](
                element
            )
        return self.found[key]


def draw_text(element: str) -> str:
    """Return the module that draws numbers."""
    function = uniform_function(element)
    head = function.lines[0].replace("{", f"{host().attributes} {{")
    return "\n".join([*function.declared.values(), head, *function.lines[1:]])
