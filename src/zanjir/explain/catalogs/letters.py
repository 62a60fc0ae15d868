"""What is said of formulas and proofs, in each language."""

from __future__ import annotations

__all__ = ["ENGLISH", "PERSIAN"]

ENGLISH = {
    "proof": "Proof, line by line",
    "check_at_points": "Check: every formula at random points",
    "all_right_at_points": "{count} formulas hold at {points} random points; the largest difference is {error}.",
    "wrong_at_points": "The formula of {target} does not hold at random points; the largest difference is {error}.",
    "no_points": "{target}: no random point was found at which every formula is finite, so nothing was compared.",
}
PERSIAN = {
    "proof": "اثبات، سطر به سطر",
    "check_at_points": "وارسی: هر فرمول در نقطه‌های تصادفی",
    "all_right_at_points": "{count} فرمول در {points} نقطهٔ تصادفی برقرار است؛ بزرگ‌ترین اختلاف {error} است.",
    "wrong_at_points": "فرمولِ {target} در نقطه‌های تصادفی برقرار نیست؛ بزرگ‌ترین اختلاف {error} است.",
    "no_points": "{target}: نقطه‌ای تصادفی یافت نشد که همهٔ فرمول‌ها در آن متناهی باشند؛ چیزی مقایسه نشد.",
}
