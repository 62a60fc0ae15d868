"""What stands in drawings, in each language."""

from __future__ import annotations

__all__ = ["ENGLISH", "PERSIAN"]

ENGLISH = {
    "drawing_inputs": "inputs",
    "drawing_layer": "layer {number}",
    "drawing_outputs": "outputs",
    "drawing_targets": "targets",
    "drawing_loss": "loss",
    "drawing_hidden": "{count} neurons, {shown} of them drawn",
    "drawing_circle": "In a circle: what it gives; above it the bias, below it the net input.",
    "drawing_wire": "On a wire: the weight. In brackets: the derivative of {symbol} with respect to it.",
    "drawing_above": "above a wire: value",
    "drawing_below": "below: {what}",
    "drawing_of": "derivative of {name}",
    "drawing_gradient": "gradient",
    "drawing_node": "{name}, shape {shape}{numbers}",
    "drawing_value": ", value {number}",
    "drawing_slope": ", gradient {number}",
}
PERSIAN = {
    "drawing_inputs": "ورودی‌ها",
    "drawing_layer": "لایهٔ {number}",
    "drawing_outputs": "خروجی‌ها",
    "drawing_targets": "هدف‌ها",
    "drawing_loss": "هزینه",
    "drawing_hidden": "{count} نورون، که {shown} تای آن‌ها رسم شده است",
    "drawing_circle": "درون دایره: خروجی؛ بالای آن بایاس و زیر آن ورودی خالص.",
    "drawing_wire": "روی سیم: وزن. در پرانتز: مشتق {symbol} نسبت به آن.",
    "drawing_above": "بالای سیم: مقدار",
    "drawing_below": "زیر سیم: {what}",
    "drawing_of": "مشتق {name}",
    "drawing_gradient": "گرادیان",
    "drawing_node": "{name}، شکل {shape}{numbers}",
    "drawing_value": "، مقدار {number}",
    "drawing_slope": "، گرادیان {number}",
}
