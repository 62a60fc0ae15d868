"""What is said of the ways of computing: by hand, and in fractions."""

from __future__ import annotations

__all__ = ["ENGLISH", "PERSIAN"]

ENGLISH = {
    "hand_half-up_significant": "As by hand: every number that is found is rounded to {digits} significant digits, "
    "and the rounded number is used from there on. Given numbers stay as they are.",
    "hand_half-up_decimal": "As by hand: every number that is found is rounded to {digits} decimal places, and the "
    "rounded number is used from there on. Given numbers stay as they are.",
    "hand_truncated_significant": "As by hand: of every number that is found, {digits} significant digits are kept "
    "and those that follow are dropped, and the shortened number is used from there on. Given numbers stay as they "
    "are.",
    "hand_truncated_decimal": "As by hand: of every number that is found, {digits} decimal places are kept and those "
    "that follow are dropped, and the shortened number is used from there on. Given numbers stay as they are.",
    "exact": "All numbers are exact: given decimals are read as fractions, and nothing is rounded before it is shown.",
    "unrounded": "How far rounding has led away",
    "unrounded_number": "{target}: {value} by hand, {unrounded} without rounding; the difference is {difference}.",
    "unrounded_check": "The derivatives were checked without rounding, for whether a rule is right does not depend "
    "on it; the numbers by hand differ from them by rounding alone.",
}
PERSIAN = {
    "hand_half-up_significant": "مانند حل دستی: هر عددی که به دست می‌آید تا {digits} رقم معنادار گرد می‌شود و از آن پس "
    "عددِ گردشده به کار می‌رود. داده‌ها بی‌تغییر می‌مانند.",
    "hand_half-up_decimal": "مانند حل دستی: هر عددی که به دست می‌آید تا {digits} رقم اعشار گرد می‌شود و از آن پس عددِ "
    "گردشده به کار می‌رود. داده‌ها بی‌تغییر می‌مانند.",
    "hand_truncated_significant": "مانند حل دستی: از هر عددی که به دست می‌آید {digits} رقم معنادار نگه داشته می‌شود و "
    "رقم‌های بعدی حذف می‌شوند، و از آن پس عددِ کوتاه‌شده به کار می‌رود. داده‌ها بی‌تغییر می‌مانند.",
    "hand_truncated_decimal": "مانند حل دستی: از هر عددی که به دست می‌آید {digits} رقم اعشار نگه داشته می‌شود و رقم‌های "
    "بعدی حذف می‌شوند، و از آن پس عددِ کوتاه‌شده به کار می‌رود. داده‌ها بی‌تغییر می‌مانند.",
    "exact": "همهٔ عددها دقیق‌اند: داده‌های اعشاری به صورت کسر خوانده می‌شوند و هیچ عددی پیش از نمایش گرد نمی‌شود.",
    "unrounded": "گرد کردن، نتیجه را چه اندازه جابه‌جا کرده است",
    "unrounded_number": "{target}: در حل دستی {value} و بدون گرد کردن {unrounded}؛ اختلاف {difference} است.",
    "unrounded_check": "مشتق‌ها بدون گرد کردن آزموده شده‌اند، زیرا درستیِ قاعده به گرد کردن بستگی ندارد؛ تفاوتِ عددهای "
    "حل دستی با آن‌ها تنها از گرد کردن است.",
}
