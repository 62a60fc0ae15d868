"""Shapes and parameters of gates beside the examples of their rows: stacks, vectors, other axes and other windows."""

from __future__ import annotations

from typing import Any

__all__ = ["FORMS"]

ALL = slice(None)
CUBE, FACE = (2, 3, 4), (3, 4)
OVER_CUBE: list[Any] = [
    ([CUBE], {"axis": (0, 2)}),
    ([CUBE], {"axis": (-1, 0), "keepdims": True}),
    ([CUBE], {"axis": 1}),
]
ALONG_CUBE: list[Any] = [([CUBE], {"axis": 1}), ([CUBE], {"axis": -1})]
SQUARES: list[Any] = [([(2, 3, 3)], {}), ([(2, 2)], {})]

FORMS: dict[str, list[Any]] = {
    **dict.fromkeys(("sum", "mean", "max", "min", "prod", "var", "std", "euclidean_norm"), OVER_CUBE),
    **dict.fromkeys(("cumsum", "cumprod", "sort", "shift", "softmax", "log_softmax"), ALONG_CUBE),
    "logsumexp": [([CUBE], {"axis": 1}), ([CUBE], {"axis": 0, "keepdims": True})],
    "standardize": [([CUBE], {"axis": (0, 2)})],
    "deviation": [([CUBE], {"axis": (0, 2)})],
    "recurrence": [([CUBE, CUBE], {"axis": -1})],
    "matmul": [
        ([(2,), (2, 5)], {}),
        ([(4, 2), (2,)], {}),
        ([(3,), (3,)], {}),
        ([(3, 4, 2), (2, 5)], {}),
        ([(3, 4, 2), (3, 2, 5)], {}),
        ([(4, 2), (3, 2, 5)], {}),
        ([(2,), (3, 2, 5)], {}),
        ([(3, 4, 2), (2,)], {}),
    ],
    "einsum": [
        ([FACE, FACE], {"subscripts": "ij,ij->i"}),
        ([FACE], {"subscripts": "ij->j"}),
        ([(2,), (3,)], {"subscripts": "i,j->ji"}),
        ([(2, 3), (3, 4), (4, 2)], {"subscripts": "ij,jk,kl->il"}),
        ([(2, 3, 4), (2, 4, 2)], {"subscripts": "bij,bjk->bik"}),
        ([(2, 3), (2, 3), (3,)], {"subscripts": "ij,ij,j->"}),
    ],
    "transpose": [([CUBE], {"axes": (2, 0, 1)}), ([CUBE], {})],
    "moveaxis": [([CUBE], {"source": 0, "destination": 2}), ([CUBE], {"source": (0, 2), "destination": (1, 0)})],
    "swapaxes": [([CUBE], {"axis1": 0, "axis2": 2})],
    "reshape": [([CUBE], {"shape": (4, 6)}), ([()], {"shape": (1, 1)})],
    "expand_dims": [([CUBE], {"axis": (0, -1)})],
    "squeeze": [([(3, 1, 4, 1)], {"axis": 1})],
    "flip": [([CUBE], {"axis": 1})],
    "roll": [([CUBE], {"shift": -1, "axis": 2})],
    "repeat": [([CUBE], {"repeats": 2, "axis": 1})],
    "fold_repeat": [([(2, 9, 2), (2, 3, 2)], {"repeats": 3, "axis": 1})],
    "tile": [([(3,)], {"reps": (2, 2)})],
    "fold_tile": [([(4, 6), (3,)], {"reps": (4, 2)})],
    "broadcast_to": [([(4,)], {"shape": (3, 4)}), ([()], {"shape": (2, 3)})],
    "broadcast_like": [([(4,), FACE], {}), ([(3, 1), FACE], {})],
    "outer": [([(2,), (3,)], {})],
    "index": [
        ([FACE], {"key": (1,)}),
        ([FACE], {"key": (ALL, slice(None, None, -2))}),
        ([CUBE], {"key": (Ellipsis, 0)}),
        ([CUBE], {"key": (None, slice(0, 1), Ellipsis)}),
        ([FACE, (3,), (3,)], {"key": ("array", "array")}),
        ([CUBE, (2,), (2,)], {"key": ("array", ALL, "array")}),
    ],
    "put_like": [
        ([(4,), FACE], {"key": (1,)}),
        ([(3, 2), FACE], {"key": (ALL, slice(None, None, -2))}),
        ([(3,), FACE, (3,), (3,)], {"key": ("array", "array")}),
    ],
    "concatenate": [([FACE, (2, 4)], {"axis": 0}), ([FACE, (3, 1), (3, 2)], {"axis": 1})],
    "section": [([(3, 7), FACE, (3, 3)], {"i": 0, "axis": 1})],
    "section_put": [([FACE, FACE, (3, 3)], {"i": 0, "axis": 1})],
    "stack": [([(4,), (4,)], {"axis": 1}), ([(), ()], {"axis": 0})],
    "pad": [([CUBE], {"pad_width": ((0, 0), (1, 0), (2, 1)), "value": 0.5})],
    "take_along_axis": [([FACE, (1, 4)], {"axis": 0})],
    "put_along_axis_like": [([(1, 4), (1, 4), FACE], {"axis": 0})],
    "tril": [([(4, 3)], {"k": 0})],
    "triu": [([(4, 3)], {"k": 0})],
    "diagonal": [([FACE], {"offset": 1})],
    "trace": [([(3, 3)], {})],
    "make_diagonal": [([(4,)], {})],
    **dict.fromkeys(("inv", "det", "cofactor", "logabsdet", "sign_of_det"), SQUARES),
    **dict.fromkeys(("cholesky", "eigvalsh", "eigenvectors"), SQUARES),
    "solve": [([(3, 3), (3,)], {}), ([(2, 3, 3), (2, 3, 2)], {}), ([(2, 3, 3), (3, 2)], {})],
    "svdvals": [([(2, 3, 3)], {}), ([(3, 4)], {})],
    "left_singular_vectors": [([(3, 3)], {}), ([(3, 4)], {})],
    "right_singular_vectors": [([(3, 3)], {}), ([(4, 3)], {})],
    "pinv": [([(3, 4)], {}), ([(2, 3, 3)], {})],
    "inverse_gaps": [([(3,)], {})],
    "softmax_cross_entropy": [([(1, 3), (1,)], {})],
    "conv2d": [([(2, 2, 4, 5), (3, 2, 2, 3)], {"layout": "NCHW", "padding": 1})],
    "conv2d_transpose": [([(2, 3, 4, 6), (3, 2, 2, 3), (2, 2, 4, 5)], {"layout": "NCHW", "padding": 1})],
    "conv2d_weights": [([(2, 2, 4, 5), (2, 3, 4, 6), (3, 2, 2, 3)], {"layout": "NCHW", "padding": 1})],
    "max_pool2d": [([(1, 2, 5, 4)], {"layout": "NCHW", "size": 2})],
    "max_unpool2d": [([(1, 2, 2, 2), (1, 2, 5, 4)], {"layout": "NCHW", "size": 2})],
    "max_pick2d": [([(1, 2, 5, 4), (1, 2, 5, 4)], {"layout": "NCHW", "size": 2})],
    "average_pool2d": [([(2, 2, 5, 4)], {"layout": "NCHW", "size": 3, "stride": 2})],
    "average_unpool2d": [([(2, 2, 2, 1), (2, 2, 5, 4)], {"layout": "NCHW", "size": 3, "stride": 2})],
}
