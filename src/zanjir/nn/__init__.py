"""Networks: layers, activations, losses, penalties, first values, and the flat parameter vector."""

from zanjir.nn.activation import ACTIVATIONS, Activation
from zanjir.nn.conv2d import Conv2d
from zanjir.nn.dropout import Dropout
from zanjir.nn.initializers import INITIALIZERS, Initializer, glorot, he, small, zeros
from zanjir.nn.layer import Layer
from zanjir.nn.linear import Linear
from zanjir.nn.losses import (
    LOSSES,
    Loss,
    binary_cross_entropy,
    gaussian_negative_log_likelihood,
    hinge,
    own_loss,
    softmax_cross_entropy,
    squared_error,
    squared_hinge,
)
from zanjir.nn.normalization import NORMS, BatchNorm, LayerNorm
from zanjir.nn.pooling import AveragePool2d, MaxPool2d
from zanjir.nn.regularizers import L1, L2, PENALTIES, ElasticNet, Regularizer, regularizer
from zanjir.nn.reshape import Flatten, Reshape
from zanjir.nn.sequential import Sequential, convnet, mlp
from zanjir.nn.svm import L_i, L_i_vectorized
from zanjir.nn.vector import Layout

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "L1",
    "L2",
    "LOSSES",
    "NORMS",
    "PENALTIES",
    "Activation",
    "AveragePool2d",
    "BatchNorm",
    "Conv2d",
    "Dropout",
    "ElasticNet",
    "Flatten",
    "Initializer",
    "L_i",
    "L_i_vectorized",
    "Layer",
    "LayerNorm",
    "Layout",
    "Linear",
    "Loss",
    "MaxPool2d",
    "Regularizer",
    "Reshape",
    "Sequential",
    "binary_cross_entropy",
    "convnet",
    "gaussian_negative_log_likelihood",
    "glorot",
    "he",
    "hinge",
    "mlp",
    "own_loss",
    "regularizer",
    "small",
    "softmax_cross_entropy",
    "squared_error",
    "squared_hinge",
    "zeros",
]
