"""Training: the loop, its plan and record, callbacks, the trained model, and saving it."""

from zanjir.training.callbacks import Callback, fit
from zanjir.training.checking import check_model, made_up
from zanjir.training.checkpoint import load_model, load_training, save_model
from zanjir.training.experiment import (
    Parts,
    balanced_weights,
    divide,
    fingerprint,
    labels_for,
    model_of,
    problem_for,
    trainer_for,
)
from zanjir.training.history import Epoch, History, Step, Steps, csv_text
from zanjir.training.minimizing import METHODS, Minimum, minimize
from zanjir.training.model import Metrics, Model, Preparation, labels_from, r_squared
from zanjir.training.plan import Plan
from zanjir.training.rate_finder import RateSearch, find_learning_rate
from zanjir.training.scores import baseline_scores, further_scores
from zanjir.training.specification import plan_from, plan_specification
from zanjir.training.trainer import Samples, Trainer

__all__ = [
    "METHODS",
    "Callback",
    "Epoch",
    "History",
    "Metrics",
    "Minimum",
    "Model",
    "Parts",
    "Plan",
    "Preparation",
    "RateSearch",
    "Samples",
    "Step",
    "Steps",
    "Trainer",
    "balanced_weights",
    "baseline_scores",
    "check_model",
    "csv_text",
    "divide",
    "find_learning_rate",
    "fingerprint",
    "fit",
    "further_scores",
    "labels_for",
    "labels_from",
    "load_model",
    "load_training",
    "made_up",
    "minimize",
    "model_of",
    "plan_from",
    "plan_specification",
    "problem_for",
    "r_squared",
    "save_model",
    "trainer_for",
]
