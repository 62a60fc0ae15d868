"""What an audit says of a printed number, in each language."""

from __future__ import annotations

__all__ = ["ENGLISH", "PERSIAN"]

ENGLISH = {
    "audit_right": "It is right to the digits printed.",
    "audit_truncated": "The digits after the last one printed were cut off instead of rounded.",
    "audit_last_digit": "The last digit is off by one.",
    "audit_rounded": "Values rounded to {digits} digits were carried on, which can move it by up to {reach}.",
    "audit_sign": "The sign is wrong.",
    "audit_ascent": "The update goes the wrong way: it adds the learning rate times the derivative (ascent).",
    "audit_mislabeled": "It is labeled {target}, and is the value of {other}.",
    "audit_no_such": "There is no {target} in the problem.",
    "audit_variant": "It is computed with other given numbers: {changes} (variant {variant!r}).",
    "audit_given": "It is given as {right}.",
    "audit_fits": "{fits} of the {count} printed numbers fit {right}, and {misfits} fit {printed}.",
    "audit_hidden": "So few digits do not tell it from the value before the update.",
    "audit_line": "The line as printed, {line}, gives {value} instead.",
    "audit_formula": "The formula as printed, {formula}, gives {result} with the right numbers in it.",
    "audit_formula_sign": "The formula as printed, {formula}, has the wrong sign: it gives {result}.",
    "audit_reads": "The formula as printed, {formula}, reads {names}, which the problem does not have.",
    "audit_index": "It is right with {instead} in place of {wrong}: the index is wrong.",
    "audit_unexplained": "Nothing that was tried explains it.",
    "audit_summary": "{wrong} of {count} claims are wrong.",
    "audit_compared": "printed {printed}, right {right}",
}
PERSIAN = {
    "audit_right": "تا رقم‌های چاپ‌شده درست است.",
    "audit_truncated": "رقم‌های پس از آخرین رقمِ چاپ‌شده به‌جای گرد شدن بریده شده‌اند.",
    "audit_last_digit": "رقم آخر یک واحد خطا دارد.",
    "audit_rounded": "حساب با مقدارهای گردشده تا {digits} رقم ادامه یافته است، که تا {reach} جابه‌جایش می‌کند.",
    "audit_sign": "علامت نادرست است.",
    "audit_ascent": "به‌روزرسانی در جهت نادرست است: نرخ یادگیری ضرب در مشتق افزوده شده است (صعود گرادیان).",
    "audit_mislabeled": "برچسبش {target} است، ولی مقدارِ {other} است.",
    "audit_no_such": "مسئله {target} ندارد.",
    "audit_variant": "با داده‌های دیگری حساب شده است: {changes} (گونهٔ {variant!r}).",
    "audit_given": "دادهٔ مسئله {right} است.",
    "audit_fits": "{fits} عدد از {count} عددِ چاپ‌شده با {right} می‌خواند و {misfits} عدد با {printed}.",
    "audit_hidden": "با این رقم‌های اندک از مقدارِ پیش از به‌روزرسانی بازشناخته نمی‌شود.",
    "audit_line": "خودِ عبارتِ چاپ‌شده، {line}، برابر {value} است.",
    "audit_formula": "فرمولِ چاپ‌شده، {formula}، با عددهای درست {result} می‌دهد.",
    "audit_formula_sign": "علامتِ فرمولِ چاپ‌شده، {formula}، نادرست است: {result} می‌دهد.",
    "audit_reads": "فرمولِ چاپ‌شده، {formula}، از {names} می‌خواند که در مسئله نیست.",
    "audit_index": "با {instead} به‌جای {wrong} درست می‌شود: اندیس نادرست است.",
    "audit_unexplained": "هیچ‌یک از علت‌های آزموده آن را توضیح نمی‌دهد.",
    "audit_summary": "{wrong} ادعا از {count} ادعا نادرست است.",
    "audit_compared": "چاپ‌شده {printed}، درست {right}",
}
