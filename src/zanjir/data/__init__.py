"""Data sets: by name (`load`), from IDX and CIFAR files, made up (`moons`, ...), and how to split and batch them."""

from zanjir.data.catalogue import dataset_names, load
from zanjir.data.cifar import read_cifar_folder
from zanjir.data.dataset import Array, Dataset
from zanjir.data.download import cache_folder, download
from zanjir.data.idx import read_idx, write_idx
from zanjir.data.idx_folder import read_idx_folder
from zanjir.data.split import Indices, batches, split, split_indices
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
    "TOYS",
    "Array",
    "Dataset",
    "Indices",
    "batches",
    "cache_folder",
    "checkerboard",
    "circles",
    "dataset_names",
    "download",
    "gaussians",
    "line",
    "load",
    "moons",
    "read_cifar_folder",
    "read_idx",
    "read_idx_folder",
    "regression_gaussian",
    "regression_plane",
    "spirals",
    "split",
    "split_indices",
    "write_idx",
    "xor",
]
