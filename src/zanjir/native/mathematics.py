"""Functions of one number in LLVM's text, on all lanes at once and without branches.

LLVM would call the mathematical library once per lane, so the families of the exponential and the logarithm are
polynomials here. Infinities and NaN come out as NumPy gives them: whoever watches a loss relies on it.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass

from zanjir.native.compiler import host
from zanjir.native.loops import halves, together
from zanjir.native.values import Kind, Value, select

__all__ = [
    "constant_of",
    "exp",
    "exp2",
    "expm1",
    "lanewise",
    "log",
    "log1p",
    "log2",
    "power",
    "power_by",
    "sech2",
    "sigmoid",
    "softplus",
    "sqrt",
    "tail",
    "tanh",
]

LOG2_E = 1 / math.log(2)


@dataclass(frozen=True)
class Format:
    """What the functions need to know about a floating-point format.

    ``exponential`` ends the series of exp(r) - 1 at that power; ``logarithm`` ends that of 2 artanh(s) between
    sqrt(1/2) and sqrt(2), ``to_two`` between 1 and 2. ``low`` and ``high`` are arguments beyond which exp is 0 or
    infinite. ln 2 is ``ln2 + ln2_rest``.
    """

    mantissa: int
    bias: int
    exponential: int
    logarithm: int
    to_two: int
    low: float
    high: float
    ln2: float
    ln2_rest: float
    smallest: float
    root_of_half: int


FORMATS = {
    # |r| <= ln(2) / 2 = 0.347 leaves r^8 / 8! < 6e-9 of exp(r); |s| <= 0.172 leaves s^10 / 11 < 3e-9 of artanh(s),
    # and s <= 1/3 leaves s^16 / 17 < 2e-9.
    "float": Format(
        mantissa=23, bias=127, exponential=7, logarithm=9, to_two=15, low=-104.0, high=89.0,
        ln2=float.fromhex("0x1.62e430p-1"), ln2_rest=float.fromhex("-0x1.05c610ca86c39p-29"),
        smallest=2.0**-126, root_of_half=0x3F3504F3,
    ),
    # r^14 / 14! < 5e-18; s^22 / 23 < 7e-19; s^34 / 35 < 2e-18.
    "double": Format(
        mantissa=52, bias=1023, exponential=13, logarithm=21, to_two=33, low=-746.0, high=710.0,
        ln2=float.fromhex("0x1.62e42fefa39efp-1"), ln2_rest=float.fromhex("0x1.abc9e3b39803fp-56"),
        smallest=2.0**-1022, root_of_half=0x3FE6A09E667F3BCD,
    ),
}  # fmt: skip


def polynomial(x: Value, *coefficients: float) -> Value:
    """Return c0 + c1 x + c2 x^2 + ..., by Horner's rule."""
    value = x.beside(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = value.fma(x, coefficient)
    return value


def format_of(x: Value) -> Format:
    """Return the format of a value's lanes."""
    return FORMATS[x.kind.element]


def copysign(size: Value, x: Value) -> Value:
    """Return a size with the sign of x, that of zero included."""
    return size.unary("llvm.copysign", x)


def lanewise(name: str, *values: Value) -> Value:
    """Call a function of the mathematical library on each lane.

    Parameters
    ----------
    name
        Name of the function of doubles, such as ``"asin"``; that of floats ends in ``f``.
    values
        Its arguments, all of one kind.

    Examples
    --------
    >>> from zanjir.native.values import Code
    >>> x = Value(Code(), Kind("float"), "%x")
    >>> print(lanewise("asin", x).name, *x.code.lines)
    %v1   %v1 = call float @asinf(float %x)
    """
    code, kind = values[0].code, values[0].kind
    one = Kind(kind.element)
    function = name if kind.element == "double" else f"{name}f"
    if kind.width == 1:
        return code.call(one, function, *values)
    result = Value(code, kind, "poison")
    for i in range(kind.width):
        lanes = [code.let(one, f"extractelement {kind} {value.name}, i32 {i}") for value in values]
        lane = code.call(one, function, *lanes)
        result = code.let(kind, f"insertelement {kind} {result.name}, {one} {lane.name}, i32 {i}")
    return result


# The square root

# What the estimate cannot give, 0 infinity, is put right in one instruction: for zeros and +infinity it returns x,
# for everything else the root. Each class of x has four bits of this number; 1 stands for x.
ZEROS_AND_INFINITY = 1 << 4 * 2 | 1 << 4 * 5
ESTIMATED = Kind("float", 16)


def sqrt(x: Value) -> Value:
    """Return the square root; of floats within one unit in the last place, where AVX-512 estimates roots.

    The processor's root takes ten cycles a vector. Its estimate of 1 / sqrt(x) takes two, and one step of Newton's
    method makes 28 bits of its 14.
    """
    if x.kind.element != "float" or "+avx512f" not in host().features.split(","):
        return x.sqrt()
    if x.kind.width > ESTIMATED.width:
        return together(*(sqrt(half) for half in halves(x)))
    if x.kind.width < ESTIMATED.width:
        return halves(sqrt(x.spread(2) if x.kind.width == 1 else together(x, x)))[0]
    code, kind = x.code, x.kind
    mask, zeros = Value(code, Kind("i16"), "-1"), Value(code, kind, "zeroinitializer")
    inverse = code.call(kind, "llvm.x86.avx512.rsqrt14.ps.512", x, zeros, mask)
    root, half = x * inverse, (inverse.bits(kind.integer) - (1 << format_of(x).mantissa)).bits(kind)
    root = root.fma((-root).fma(half, 0.5), root)
    classes = code.constant(kind.integer, ZEROS_AND_INFINITY)
    control, rounding = (Value(code, Kind("i32"), f"{number}") for number in (0, 4))
    function = "llvm.x86.avx512.mask.fixupimm.ps.512"
    return code.call(kind, function, root, x, classes, control, mask, rounding)


# The exponential: x = n ln 2 + r, and exp(x) = 2^n exp(r)


@dataclass(frozen=True)
class Powers:
    """The parts of exp(x) = 2^n (1 + q): q = exp(r) - 1, and the bits of n plus twice the bias of the exponent."""

    q: Value
    biased: Value

    def factors(self) -> tuple[Value, Value, Value]:
        """Return two factors of 2^n and the inverse of the second; one alone could not reach both ends of the range."""
        limits, kind = format_of(self.q), self.q.kind
        first = self.biased >> 1
        second = self.biased - first
        shifted = (exponent << limits.mantissa for exponent in (first, second, 2 * limits.bias - second))
        one, other, inverse = (bits.bits(kind) for bits in shifted)
        return one, other, inverse

    def exp(self) -> Value:
        """Return exp(x)."""
        return self.scaled(self.q + 1)

    def times(self, factor: Value) -> Value:
        """Return factor * exp(x), with one rounding less than a product."""
        return self.scaled(self.q.fma(factor, factor))

    def scaled(self, x: Value) -> Value:
        """Return 2^n x; the second product rounds results below the smallest normal number, once."""
        one, other, _ = self.factors()
        return x * one * other

    def expm1(self) -> Value:
        """Return exp(x) - 1 = 2^n q + (2^n - 1), without cancellation near 0 and without overflow before the end."""
        one, other, inverse = self.factors()
        return self.q.fma(one, one - inverse) * other


def powers(r: Value, biased: Value) -> Powers:
    """Return the parts of 2^n exp(r), with q from the series of exp(r) - 1."""
    series = [1 / math.factorial(k) for k in range(2, format_of(r).exponential + 1)]
    return Powers((r * r).fma(polynomial(r, *series), r), biased)


def rounded(x: Value, scale: float) -> tuple[Value, Value]:
    """Return n, the whole number nearest to x * scale, and its bits plus twice the bias, modulo what shifts drop.

    Where numbers lie 1 apart, a sum rounds to whole numbers and its last bits count them: no conversion is needed.
    """
    limits = format_of(x)
    far = 1.5 * 2.0**limits.mantissa + 2 * limits.bias
    sum_ = x.fma(scale, far)
    return sum_ - far, sum_.bits(x.kind.integer)


def powers_of_e(x: Value, rest: Value | None = None) -> Powers:
    """Return the parts of exp(x), for x between the limits of the format; ``rest`` is what rounding took from x.

    fma rounds once, and what is left of x after n ln2 has no more digits than x: the first step is exact.
    """
    limits = format_of(x)
    n, biased = rounded(x, LOG2_E)
    r = n.fma(-limits.ln2_rest, n.fma(-limits.ln2, x))
    return powers(r if rest is None else r + rest, biased)


def at_least(x: Value, low: float) -> Value:
    """Return x, or a lower limit where x is below it; NaN stays."""
    return select(x < low, low, x)


def at_most(x: Value, high: float) -> Value:
    """Return x, or an upper limit where x is above it; NaN stays."""
    return select(x > high, high, x)


def falling(x: Value, rest: Value | None = None) -> Powers:
    """Return the parts of exp(x) for x <= 0."""
    return powers_of_e(at_least(x, format_of(x).low), rest)


def growing(x: Value) -> Powers:
    """Return the parts of exp(x) for any x."""
    return falling(at_most(x, format_of(x).high))


def exp(x: Value) -> Value:
    """Return e^x: 0 below the range, infinity above it.

    Examples
    --------
    >>> from zanjir.native.values import Code
    >>> x = Value(Code(), Kind("float", 16), "%x")
    >>> str(exp(x).kind)
    '<16 x float>'
    """
    return growing(x).exp()


def exp2(x: Value) -> Value:
    """Return 2^x, exact where x is a whole number."""
    limits = format_of(x)
    x = at_least(at_most(x, limits.high * LOG2_E), limits.low * LOG2_E)
    n, biased = rounded(x, 1)
    return powers((x - n) * math.log(2), biased).exp()


def expm1(x: Value) -> Value:
    """Return e^x - 1, exact near 0 too."""
    return copysign(growing(x).expm1(), x)


def tanh(x: Value) -> Value:
    """Return the hyperbolic tangent: -t / (2 + t) with t = exp(-2|x|) - 1, and the sign of x."""
    t = falling(x.abs() * -2).expm1()
    return copysign(-t / (t + 2), x)


def sech2(x: Value) -> Value:
    """Return 1 - tanh(x)^2 = 4 e / (1 + e)^2 with e = exp(-2|x|), which shares its parts with tanh.

    (1 + e)^2 as 1 + e (2 + e) has two roundings, of which the first counts for less than one.
    """
    e = falling(x.abs() * -2).exp()
    return 4 * e / e.fma(e + 2, 1)


def sigmoid(x: Value) -> Value:
    """Return 1 / (1 + exp(-x)), without overflow."""
    e = falling(-x.abs()).exp()
    return select(x < 0, e, 1.0) / (1 + e)


def softplus(x: Value) -> Value:
    """Return log(1 + exp(x)), without overflow."""
    return at_least(x, 0) + tail(x)


def tail(x: Value) -> Value:
    """Return log(1 + exp(-|x|)); for 1 + e between 1 and 2 the series needs neither an exponent nor ends."""
    e = falling(-x.abs()).exp()
    return e - excess(e, format_of(x).to_two)


# The logarithm: x = 2^k m with m between sqrt(1/2) and sqrt(2)


def excess(f: Value, last: int) -> Value:
    """Return f - ln(1 + f), from the series of 2 artanh(s) up to a power.

    With s = f / (2 + f): ln(1 + f) = 2 artanh(s) = 2 s + s R with R = 2 s^2 / 3 + 2 s^4 / 5 + ..., and 2 s = f - s f.
    Where f is exact, only this small part of the logarithm is rounded before the end.
    """
    s = f / (f + 2)
    z = s * s
    R = z * polynomial(z, *(2 / power for power in range(3, last + 1, 2)))
    return s * (f - R)


def logarithm(x: Value) -> tuple[Value, Value, Value]:
    """Return k, f and t with x = 2^k (1 + f) and ln(1 + f) = f - t; the bits of x hold k, and f is exact."""
    limits, integer = format_of(x), x.kind.integer
    shift = limits.mantissa + 2
    subnormal = x < limits.smallest
    bits = select(subnormal, x * 2.0**shift, x).bits(integer) - limits.root_of_half
    k = bits.bitwise("ashr", limits.mantissa).convert(x.kind) - select(subnormal, x.beside(shift), 0)
    f = ((bits & (2**limits.mantissa - 1)) + limits.root_of_half).bits(x.kind) - 1
    return k, f, excess(f, limits.logarithm)


def at_its_ends(x: Value, y: Value) -> Value:
    """Return a logarithm y of x, with -inf at 0, NaN below it, infinity and NaN where x is that."""
    beyond = select(x.equals(0), -math.inf, select(x < 0, math.nan, x))
    return select((x > 0) & (x < math.inf), y, beyond)


def log(x: Value) -> Value:
    """Return the natural logarithm."""
    limits = format_of(x)
    k, f, t = logarithm(x)
    return at_its_ends(x, k.fma(limits.ln2, f - k.fma(-limits.ln2_rest, t)))


def log2(x: Value) -> Value:
    """Return the logarithm to the base 2, exact at powers of 2."""
    k, f, t = logarithm(x)
    return at_its_ends(x, (f - t).fma(LOG2_E, k))


def log1p(x: Value) -> Value:
    """Return log(1 + x), exact near 0 too: log(u) + (x - (u - 1)) / u with u = 1 + x rounded."""
    u = 1 + x
    y = log(u)
    return copysign(select((u > 0) & (u < math.inf), y + (x - (u - 1)) / u, y), x)


# Powers


def constant_of(x: Value) -> float | None:
    """Return the number that a constant holds, or None for a value that is computed.

    Examples
    --------
    >>> from zanjir.native.values import Code
    >>> constant_of(Code().constant(Kind("float", 16), 0.5))
    0.5
    """
    found = re.search(r"\b0x([0-9A-F]{16})\b", x.name)
    return None if x.name.startswith("%") or found is None else struct.unpack(">d", bytes.fromhex(found[1]))[0]


def power_by(x: Value, n: float) -> Value:
    """Return x^n for one number n: a product for small whole n, a root for one half, as NumPy does."""
    if n == 0.5:
        return x.sqrt()
    if n not in range(-4, 5):
        return x.unary("llvm.pow", n)
    if n == 0:
        return x.beside(1.0)
    base = x if n > 0 else 1 / x  # first, so that no product overflows whose inverse is a number
    square = base * base if abs(n) > 1 else base
    return {1: base, 2: square, 3: square * base, 4: square * square}[abs(int(n))]


def power(x: Value, n: Value) -> Value:
    """Return x^n; a constant exponent takes the short way of `power_by`."""
    exponent = constant_of(n)
    return x.unary("llvm.pow", n) if exponent is None else power_by(x, exponent)
