"""What is said around the steps of a solution: headings, what checks found, and labels, in each language."""

from __future__ import annotations

__all__ = ["ENGLISH", "PERSIAN"]

ENGLISH = {
    "given": "Given",
    "forward": "Forward: the numbers from left to right",
    "loss": "Loss: one number that says how wrong the outputs are",
    "backward": "Backward: the chain rule from the loss to the weights",
    "check": "Check: every derivative against a central difference",
    "update": "Update",
    "all_right": "{count} derivatives agree with central differences; the largest relative error is {error}.",
    "wrong": "{target} does not agree with its central difference: {value} against {numeric}.",
    "kink": "{target}: the loss has a kink here, and differences say nothing; the value is the convention of its gate.",
    "edge": "{target}: a central difference leaves the domain of the formula here, and says nothing.",
    "local": "local",
    "locals": "local derivatives",
    "upstream": "upstream",
    "from": "from {names}",
    "not_computed": "not computed",
    "shape": "an array of shape {shape}",
}
PERSIAN = {
    "given": "داده‌های مسئله",
    "forward": "گذر پیشرو: از ورودی‌ها تا خروجی‌ها",
    "loss": "هزینه: عددی که می‌گوید خروجی‌ها چقدر نادرست‌اند",
    "backward": "گذر پسرو: قاعدهٔ زنجیره‌ای از هزینه تا وزن‌ها",
    "check": "وارسی: هر مشتق در برابر تفاضل مرکزی",
    "update": "به‌روزرسانی",
    "all_right": "{count} مشتق با تفاضل مرکزی همخوان است؛ بزرگ‌ترین خطای نسبی {error} است.",
    "wrong": "{target} با تفاضل مرکزی خود همخوان نیست: {value} در برابر {numeric}.",
    "kink": "{target}: هزینه در این نقطه شکستگی دارد و تفاضل چیزی نمی‌گوید؛ این مقدار، قراردادِ دروازهٔ آن است.",
    "edge": "{target}: تفاضل مرکزی در این نقطه از دامنهٔ فرمول بیرون می‌رود و چیزی نمی‌گوید.",
    "local": "محلی",
    "locals": "مشتق‌های محلی",
    "upstream": "بالادست",
    "from": "از روی {names}",
    "not_computed": "حساب نشده",
    "shape": "آرایه‌ای با شکل {shape}",
}
