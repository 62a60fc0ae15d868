"""Data sets and tensors: by name (`load`), from IDX and CIFAR files and tables, made up, split and batched.

Pictures that are made harder to classify (`challenge`). And what the lectures say of tensors: shapes and kinds of
data (`describe`), layouts of pictures, labels and texts as numbers, affine maps, products of features.
"""

from zanjir.data.affine import AffineMap, rotation
from zanjir.data.augment import CHALLENGES, add_noise, brighten, challenge, challenge_accuracy, clutter, occlude, shift
from zanjir.data.catalogue import dataset_names, load
from zanjir.data.cifar import read_cifar_folder
from zanjir.data.dataset import Array, Dataset
from zanjir.data.download import cache_folder, download
from zanjir.data.encoding import ASCII, count_words, one_hot, one_hot_text
from zanjir.data.idx import read_idx, write_idx
from zanjir.data.idx_folder import read_idx_folder
from zanjir.data.images import center_crop, channels_first, channels_last
from zanjir.data.polynomial import PolynomialFeatures
from zanjir.data.score_tables import score_table
from zanjir.data.shapes import AXES, SHAPES, TensorShape, describe
from zanjir.data.split import Indices, batches, split, split_indices
from zanjir.data.table import Table, is_table, read_table
from zanjir.data.table_dataset import TableDataset, load_table
from zanjir.data.table_preparation import CategoryColumn, NumberColumn, TablePreparation, TableTarget
from zanjir.data.timing import LoopTiming, time_loop
from zanjir.data.toys import (
    TOYS,
    checkerboard,
    circles,
    gaussians,
    line,
    moons,
    regression_gaussian,
    regression_plane,
    spirals,
    xor,
)

__all__ = [
    "ASCII",
    "AXES",
    "CHALLENGES",
    "SHAPES",
    "TOYS",
    "AffineMap",
    "Array",
    "CategoryColumn",
    "Dataset",
    "Indices",
    "LoopTiming",
    "NumberColumn",
    "PolynomialFeatures",
    "Table",
    "TableDataset",
    "TablePreparation",
    "TableTarget",
    "TensorShape",
    "add_noise",
    "batches",
    "brighten",
    "cache_folder",
    "center_crop",
    "challenge",
    "challenge_accuracy",
    "channels_first",
    "channels_last",
    "checkerboard",
    "circles",
    "clutter",
    "count_words",
    "dataset_names",
    "describe",
    "download",
    "gaussians",
    "is_table",
    "line",
    "load",
    "load_table",
    "moons",
    "occlude",
    "one_hot",
    "one_hot_text",
    "read_cifar_folder",
    "read_idx",
    "read_idx_folder",
    "read_table",
    "regression_gaussian",
    "regression_plane",
    "rotation",
    "score_table",
    "shift",
    "spirals",
    "split",
    "split_indices",
    "time_loop",
    "write_idx",
    "xor",
]
