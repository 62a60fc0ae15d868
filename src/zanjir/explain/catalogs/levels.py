"""What is said of levels of an explanation, in each language."""

from __future__ import annotations

__all__ = ["ENGLISH", "PERSIAN"]

ENGLISH = {
    "answer": "Answer",
    "table_answer": "The number that is asked for, and the derivative with respect to it",
    "table_parameters": "What the update changes",
    "table_arrays": "What the update changes, as lengths: the root of the sum of squares",
    "table_parameters_kept": "The derivative with respect to each number",
    "table_arrays_kept": "The derivative with respect to each array, as lengths: the root of the sum of squares",
    "table_results": "What came out",
    "word_parameter": "parameter",
    "word_shape": "shape",
    "word_value": "value",
    "word_derivative": "derivative",
    "word_new": "new value",
    "word_change": "change",
    "word_result": "number",
    "title_sample": "Sample {sample} of {data}: predicted {predicted}, right is {right}",
    "reason_unread": "Nothing on the way to the loss reads {name}: a change of it changes nothing, so this is 0.",
    "title_number": "{title}: {name}",
    "reason_rest": "rest stands for the sum of the other terms, which do not depend on the number that is asked for.",
}
PERSIAN = {
    "answer": "پاسخ",
    "table_answer": "عددِ پرسیده‌شده و مشتق نسبت به آن",
    "table_parameters": "آنچه به‌روزرسانی عوض می‌کند",
    "table_arrays": "آنچه به‌روزرسانی عوض می‌کند، به طول: ریشهٔ مجموع مربع‌ها",
    "table_parameters_kept": "مشتق نسبت به هر عدد",
    "table_arrays_kept": "مشتق نسبت به هر آرایه، به طول: ریشهٔ مجموع مربع‌ها",
    "table_results": "نتیجه‌ها",
    "word_parameter": "پارامتر",
    "word_shape": "شکل",
    "word_value": "مقدار",
    "word_derivative": "مشتق",
    "word_new": "مقدار نو",
    "word_change": "تغییر",
    "word_result": "عدد",
    "title_sample": "نمونهٔ {sample} از {data}: پیش‌بینی {predicted}، درست {right}",
    "reason_unread": "هیچ عددی در راه هزینه {name} را نمی‌خواند؛ تغییر آن هزینه را عوض نمی‌کند و این مشتق صفر است.",
    "title_number": "{title}، {name}",
    "reason_rest": "rest نمایندهٔ مجموع جمله‌های دیگر است که به عددِ پرسیده‌شده بستگی ندارند.",
}
