"""What the explanations of scores and their losses say, in each language."""

from __future__ import annotations

__all__ = ["ENGLISH", "PERSIAN"]

ENGLISH = {
    "questions": "The questions of the slides, answered",
    "worked_out": "Worked out by {commands}.",
    "infinity": "infinity",
    "summary": "Side by side",
    "table_losses": "The loss of each sample",
    "table_probabilities": "The softmax probabilities of each sample",
    "table_slopes_hinge": "The derivative of each sample's own hinge loss with respect to its scores",
    "table_slopes_squared_hinge": "The derivative of each sample's own squared hinge loss with respect to its scores",
    "table_slopes_softmax": "The derivative of each sample's own softmax loss with respect to its scores: p, less 1 "
    "for the right class",
    "word_sample": "sample",
    "word_label": "right class",
    "word_predicted": "largest score",
    "word_hinge": "hinge",
    "word_squared_hinge": "squared hinge",
    "word_softmax": "softmax",
    "word_mean": "mean",
    "reason_hinge": "Hinge loss: every class whose score does not stay below that of the right class by the margin "
    "adds what is missing.",
    "reason_squared_hinge": "Squared hinge loss: as the hinge loss, with every term squared, so that a large violation "
    "counts far more than several small ones.",
    "reason_softmax": "Softmax loss: minus the natural logarithm of the probability of the right class.",
    "reason_shifted": "The largest score is subtracted first: this changes no probability, and no power of e can "
    "overflow; its own power is 1, and ln(1 + sum) keeps the digits of a small sum.",
}
PERSIAN = {
    "questions": "پرسش‌های اسلایدها و پاسخشان",
    "worked_out": "گام‌به‌گام: {commands}.",
    "infinity": "بی‌نهایت",
    "summary": "در کنار هم",
    "table_losses": "هزینهٔ هر نمونه",
    "table_probabilities": "احتمال‌های softmax برای هر نمونه",
    "table_slopes_hinge": "مشتق هزینهٔ لولاییِ هر نمونه نسبت به امتیازهای خودش",
    "table_slopes_squared_hinge": "مشتق هزینهٔ لولاییِ مربعیِ هر نمونه نسبت به امتیازهای خودش",
    "table_slopes_softmax": "مشتق هزینهٔ softmax هر نمونه نسبت به امتیازهای خودش: p، و برای کلاس درست یک واحد کمتر",
    "word_sample": "نمونه",
    "word_label": "کلاس درست",
    "word_predicted": "بیشترین امتیاز",
    "word_hinge": "لولایی",
    "word_squared_hinge": "لولایی مربعی",
    "word_softmax": "softmax",
    "word_mean": "میانگین",
    "reason_hinge": "هزینهٔ لولایی (hinge): هر کلاسی که امتیازش به اندازهٔ حاشیه از امتیاز کلاس درست پایین‌تر نباشد، "
    "کمبود خود را به هزینه می‌افزاید.",
    "reason_squared_hinge": "هزینهٔ لولاییِ مربعی: مانند هزینهٔ لولایی، با توان دومِ هر جمله؛ پس یک تخطی بزرگ بسیار بیش از "
    "چند تخطی کوچک به حساب می‌آید.",
    "reason_softmax": "هزینهٔ softmax: منفیِ لگاریتم طبیعیِ احتمال کلاس درست.",
    "reason_shifted": "نخست بزرگ‌ترین امتیاز از همه کم می‌شود: هیچ احتمالی تغییر نمی‌کند و هیچ توانی از e سرریز نمی‌کند؛ "
    "توان خودِ آن ۱ است و ln(1 + sum) رقم‌های یک جمع کوچک را نگه می‌دارد.",
}
