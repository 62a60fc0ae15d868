"""Ways out: trained models as ONNX files, and the course of a training as TensorBoard's events.

Both need a package that zanjir itself does not, and say so where it is missing.
"""

from zanjir.interchange.onnx_file import export_onnx, onnx_model
from zanjir.interchange.onnx_gates import FORMS
from zanjir.interchange.tensorboard import TensorBoard

__all__ = ["FORMS", "TensorBoard", "export_onnx", "onnx_model"]
