"""Training: the loop, its plan and record, callbacks, the trained model, and saving it."""

from zanjir.training.callbacks import Callback, fit
from zanjir.training.checkpoint import load_model, load_training, save_model, write_whole
from zanjir.training.history import Epoch, History, Step
from zanjir.training.model import Metrics, Model, labels_from, r_squared
from zanjir.training.plan import Plan
from zanjir.training.trainer import Samples, Trainer

__all__ = [
    "Callback",
    "Epoch",
    "History",
    "Metrics",
    "Model",
    "Plan",
    "Samples",
    "Step",
    "Trainer",
    "fit",
    "labels_from",
    "load_model",
    "load_training",
    "r_squared",
    "save_model",
    "write_whole",
]
