"""The loop over steps, in machine code: gather a batch, run its shards, meet, update, record, go on.

Every thread runs the same loop over the same steps and takes its share of each: shards first, then parts of the
vectors in the update. At a barrier a thread waits for the others; it looks a few hundred times, and then lets
other threads of the machine have the processor between two looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zanjir.native.blocks import POINTER, mask, when
from zanjir.native.compiler import Host
from zanjir.native.loops import Function, Lanes, load, store
from zanjir.native.values import Kind, Value, select

__all__ = ["ABANDONED", "BARRIER", "JOB", "PHASE", "SHARD", "VARIANT", "driver_text"]

WORD, DOUBLE = Kind("i64"), Kind("double")

# What a run reads, as words of 64 bits: sizes, and addresses of arrays and functions; 0 stands for what is not there.
JOB = (
    "steps", "threads", "first_step", "variant_of_step", "variants", "order", "batch_size", "X", "row_bytes", "y",
    "target_bytes", "weights", "weight_bytes", "samples", "labels", "classes", "results", "record", "right", "barrier",
    "give_way",
)  # fmt: skip
# For each size of batch: its shards, and the phases that follow them.
VARIANT = ("shards", "shard_table", "phases", "phase_table")
SHARD = (
    "function", "pointers", "sizes", "numbers", "first_row", "rows", "X", "y", "weights", "key", "scores", "right",
)  # fmt: skip
PHASE = ("function", "pointers", "sizes", "numbers", "bytes_per_step", "extent", "part", "backward")
RESULTS = 3  # loss, data loss and penalty of a step
LOOKS = 512
# Cache lines of a sample that are asked for a step ahead; what follows them the processor fetches by itself.
LINE, LINES_FETCHED = 64, 4
# The words of a barrier, each on a cache line of its own: how many wait, which round it is, whether to go on after
# this step, and whether the run was abandoned.
BARRIER, ROUND, STOPPED, ABANDONED = 32, 8, 16, 24
# Words that are copied at once.
WORDS = 8


class Driver:
    """The writing of the loop."""

    def __init__(self, element: str, width: int) -> None:
        self.code = Function()
        self.element, self.width = element, width
        self.thread = Value(self.code, WORD, "%thread")
        self.job = self.fields(Value(self.code, POINTER, "%job"), JOB)
        self.write()

    def word(self, table: Value, position: Value | int) -> Value:
        """Return the address of a word of a table."""
        index = position.name if isinstance(position, Value) else position
        return self.code.let(POINTER, f"getelementptr i64, ptr {table.name}, i64 {index}")

    def fields(self, table: Value, names: tuple[str, ...]) -> dict[str, Value]:
        """Read the words of a table by name; addresses are numbers here."""
        return {name: self.code.get(self.word(table, i), WORD) for i, name in enumerate(names)}

    def pointer(self, address: Value) -> Value:
        """Return a number as an address."""
        return self.code.let(POINTER, f"inttoptr i64 {address.name} to ptr")

    def number(self, value: int) -> Value:
        """Return a whole number."""
        return self.code.constant(WORD, value)

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Write what happens only under a condition."""
        with when(self.code, f"when_{self.code.fresh()[1:]}", condition):
            yield

    def write(self) -> None:
        """Write the loop over steps; it ends early after a loss that is no finite number."""
        code, job = self.code, self.job
        counter = code.variable(self.number(0))
        code.put("br label %steps")
        code.label("steps")
        step = code.get(counter, WORD)
        barrier = self.pointer(job["barrier"])
        stopped = code.get(self.word(barrier, STOPPED), WORD) | code.get(self.word(barrier, ABANDONED), WORD)
        code.put(f"br i1 {((step < job['steps']) & stopped.equals(0)).name}, label %work, label %done")
        code.label("work")
        self.write_step(step)
        # Only the first thread looks at the loss: another might find the next step's already.
        with self.when(self.thread.equals(0)):
            finite = code.get(self.pointer(job["results"]), DOUBLE).abs() < float("inf")
            code.set(self.word(barrier, STOPPED), (finite ^ True).convert(WORD))
        self.meet()
        code.set(counter, step + 1)
        code.put("br label %steps")
        code.label("done")

    def write_step(self, step: Value) -> None:
        """Write one step."""
        job, code = self.job, self.code
        which = code.get(self.word(self.pointer(job["variant_of_step"]), step), WORD)
        table = self.word(self.pointer(job["variants"]), which * len(VARIANT))
        variant = self.fields(table, VARIANT)
        shards = self.pointer(variant["shard_table"])
        with code.loop(code.variable(self.thread), variant["shards"], job["threads"]) as i:
            shard = self.fields(self.word(shards, i * len(SHARD)), SHARD)
            self.gather(step, shard)
            with self.when(shard["key"].differs(0)):
                code.set(self.word(self.pointer(shard["key"]), 1), job["first_step"] + step)
            self.call(shard, shard["numbers"])
            with self.when(job["labels"].differs(0)):
                self.count_right(step, shard)
        self.meet()
        with self.when(self.thread.equals(0)):
            self.add_right(step, shards, variant["shards"])
        phases = self.pointer(variant["phase_table"])
        with code.loop(code.variable(self.number(0)), variant["phases"], self.number(1)) as i:
            self.run_phase(step, self.fields(self.word(phases, i * len(PHASE)), PHASE))
            self.meet()
        with self.when(self.thread.equals(0)):
            self.record(step)

    def call(self, unit: dict[str, Value], numbers: Value, part: tuple[Value, Value] | None = None) -> None:
        """Call a function with its tables."""
        function = self.pointer(unit["function"])
        tables = [self.pointer(address) for address in (unit["pointers"], unit["sizes"], numbers)]
        values = ", ".join(f"{value.kind} {value.name}" for value in (*tables, *(part or ())))
        self.code.put(f"call void {function.name}({values})")

    def gather(self, step: Value, shard: dict[str, Value]) -> None:
        """Copy the samples of a shard, where they are not read in place."""
        job, code = self.job, self.code
        with self.when(job["order"].differs(0)):
            begin = step * job["batch_size"] + shard["first_row"]
            order = self.word(self.pointer(job["order"]), begin)
            with code.loop(code.variable(self.number(0)), shard["rows"], self.number(1)) as i:
                sample = code.get(self.word(order, i), WORD)
                with self.when(begin + i + job["batch_size"] < job["samples"]):
                    self.fetch(code.get(self.word(order, i + job["batch_size"]), WORD))
                self.copy(shard["X"] + i * job["row_bytes"], job["X"] + sample * job["row_bytes"], job["row_bytes"])
            for array, size in (("y", "target_bytes"), ("weights", "weight_bytes")):
                with (
                    self.when(job[size].differs(0)),
                    code.loop(code.variable(self.number(0)), shard["rows"], self.number(1)) as i,
                ):
                    sample = code.get(self.word(order, i), WORD)
                    self.copy(shard[array] + i * job[size], job[array] + sample * job[size], job[size])

    def fetch(self, sample: Value) -> None:
        """Ask for the first cache lines of a sample of the next batch, so that they are near when it is gathered."""
        name = "llvm.prefetch.p0"
        self.code.declared[name] = f"declare void @{name}(ptr, i32, i32, i32)"
        start = self.job["X"] + sample * self.job["row_bytes"]
        for line in range(LINES_FETCHED):
            place = self.pointer(start + LINE * line)
            self.code.put(f"call void @{name}(ptr {place.name}, i32 0, i32 3, i32 1)")

    def copy(self, target: Value, source: Value, size: Value) -> None:
        """Copy bytes, a multiple of four: in vectors of words, and half a word at the end where there is one."""
        code, count = self.code, size >> 3
        to, from_ = self.pointer(target), self.pointer(source)
        counter = code.variable(self.number(0))
        for stop, below in ((count - (WORDS - 1), None), (count, count)):  # full vectors, and what is left
            with code.loop(counter, stop, WORDS) as i:
                lanes = Lanes.below(below, i, WORDS) if below else Lanes(WORDS, i)
                store(code, load(code, from_, "i64", lanes), to, "i64", lanes)
        with self.when((size & 4).differs(0)):
            half = Kind("i32")
            code.set(code.element(to, "i32", count * 2), code.get(code.element(from_, "i32", count * 2), half))

    def count_right(self, step: Value, shard: dict[str, Value]) -> None:
        """Count the samples of a shard whose label has the highest score; one score stands for two classes."""
        job, code = self.job, self.code
        scores, labels = self.pointer(shard["scores"]), self.pointer(job["labels"])
        order = self.word(self.pointer(job["order"]), step * job["batch_size"] + shard["first_row"])
        right, one_score = code.variable(self.number(0)), job["classes"].equals(1)
        with code.loop(code.variable(self.number(0)), shard["rows"], self.number(1)) as i:
            row = code.element(scores, self.element, i * job["classes"])
            label = code.get(self.word(labels, code.get(self.word(order, i), WORD)), WORD)
            above_zero = (code.get(row, Kind(self.element)) > 0).convert(WORD)
            found = select(one_score, above_zero.equals(label), self.is_highest(row, label))
            code.set(right, code.get(right, WORD) + found.convert(WORD))
        code.set(self.pointer(shard["right"]), code.get(right, WORD))

    def is_highest(self, row: Value, label: Value) -> Value:
        """Whether a label's score is the highest of a row and the first of equal ones; none is, beside a NaN."""
        code, kind, classes = self.code, Kind(self.element, self.width), self.job["classes"]
        known = (label >= 0) & (label < classes)
        place = code.element(row, self.element, select(known, label, 0))
        own = code.get(place, Kind(self.element)).spread(self.width)
        beaten = code.variable(code.constant(kind.of("i1"), False))
        with code.loop(code.variable(self.number(0)), classes, self.width) as j:
            inside, before = mask(classes - j, self.width), mask(label - j, self.width)
            others = load(code, row, self.element, Lanes(self.width, j, inside))
            lower = (others < own) | ((others <= own) & (before ^ True))
            code.set(beaten, code.get(beaten, kind.of("i1")) | (inside & (lower ^ True)))
        lanes = code.get(beaten, kind.of("i1")).bits(Kind(f"i{self.width}"))
        return known & lanes.equals(0)

    def add_right(self, step: Value, shards: Value, n_shards: Value) -> None:
        """Record how many samples of the batch have the right label."""
        code = self.code
        with self.when(self.job["labels"].differs(0)):
            right = code.variable(self.number(0))
            with code.loop(code.variable(self.number(0)), n_shards, self.number(1)) as i:
                shard = self.fields(self.word(shards, i * len(SHARD)), SHARD)
                code.set(right, code.get(right, WORD) + code.get(self.pointer(shard["right"]), WORD))
            code.set(self.word(self.pointer(self.job["right"]), step), code.get(right, WORD))

    def run_phase(self, step: Value, phase: dict[str, Value]) -> None:
        """Run a unit after the shards, in parts whose size no number of threads changes.

        Neighboring parts are one thread's, so that what it wrote is still near when it reads it in the next phase.
        """
        threads, extent, part = self.job["threads"], phase["extent"], phase["part"]
        parts = (extent + part - 1) / part
        stop = (self.thread + 1) * parts / threads
        numbers = phase["numbers"] + step * phase["bytes_per_step"]
        start = self.thread * parts / threads
        with self.code.loop(self.code.variable(start), stop, self.number(1)) as i:
            first = select(phase["backward"].differs(0), start + stop - 1 - i, i) * part
            end = first + part
            self.call(phase, numbers, (first, select(end < extent, end, extent)))

    def record(self, step: Value) -> None:
        """Keep the results of a step."""
        code = self.code
        results, record = self.pointer(self.job["results"]), self.pointer(self.job["record"])
        for i in range(RESULTS):
            value = code.get(code.element(results, "double", self.number(i)), DOUBLE)
            code.set(code.element(record, "double", step * RESULTS + i), value)

    def meet(self) -> None:
        """Wait for the other threads."""
        with self.when(self.job["threads"] > 1):
            values = f"ptr {self.pointer(self.job['barrier']).name}, i64 {self.job['threads'].name}"
            self.code.put(f"call void @meet({values}, ptr {self.pointer(self.job['give_way']).name})")


X86 = [f"declare void @llvm.x86.sse{end}" for end in ("2.pause()", ".stmxcsr(ptr)", ".ldmxcsr(ptr)")]
# A running mean that only decays ends among subnormal numbers, where processors of this kind take a hundred times as
# long; bits 15 and 6 of the control register make such results and inputs 0. The caller's setting comes back.
FLUSH = """  %control = alloca i32
  %flushing = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %control)
  %before = load i32, ptr %control
  %with_zeros = or i32 %before, 32832
  store i32 %with_zeros, ptr %flushing
  call void @llvm.x86.sse.ldmxcsr(ptr %flushing)"""
RESTORE = "  call void @llvm.x86.sse.ldmxcsr(ptr %control)"

# Who comes last opens the next round; the others look at the number of the round, a cache line away from the count.
MEET = f"""define internal void @meet(ptr %barrier, i64 %threads, ptr %give_way) #0 {{
entry:
  %place = getelementptr i64, ptr %barrier, i64 {ROUND}
  %abandoned = getelementptr i64, ptr %barrier, i64 {ABANDONED}
  %round = load atomic i64, ptr %place seq_cst, align 8
  %before = atomicrmw add ptr %barrier, i64 1 seq_cst
  %count = add i64 %before, 1
  %last = icmp eq i64 %count, %threads
  br i1 %last, label %open, label %look
open:
  store atomic i64 0, ptr %barrier seq_cst, align 8
  %next = add i64 %round, 1
  store atomic i64 %next, ptr %place seq_cst, align 8
  ret void
look:
  %looks = phi i64 [ 0, %entry ], [ %more, %wait ], [ 0, %yield ]
  %now = load atomic i64, ptr %place acquire, align 8
  %same = icmp eq i64 %now, %round
  br i1 %same, label %stay, label %done
stay:
  %more = add i64 %looks, 1
  %patient = icmp slt i64 %more, {LOOKS}
  br i1 %patient, label %wait, label %tired
wait:
  RELAX
  br label %look
tired:
  %alone = load atomic i64, ptr %abandoned acquire, align 8
  %leave = icmp ne i64 %alone, 0
  br i1 %leave, label %done, label %go_on
go_on:
  %can = icmp ne ptr %give_way, null
  br i1 %can, label %yield, label %wait
yield:
  %ignored = call i32 %give_way()
  br label %look
done:
  ret void
}}"""


def driver_text(element: str, here: Host) -> str:
    """Return the module that defines ``@drive(ptr job, i64 thread)``.

    Parameters
    ----------
    element
        The type of the scores, ``"float"`` or ``"double"``.
    here
        The processor; on x86 a waiting thread tells it so, and numbers too small for full precision count as 0.
    """
    code = Driver(element, here.lanes(element)).code
    on_x86 = here.triple.startswith(("x86_64", "i686"))
    relax = "call void @llvm.x86.sse2.pause()" if on_x86 else "fence seq_cst"
    declared = [*code.declared.values(), *(X86 if on_x86 else [])]
    if on_x86:
        code.lines = [FLUSH, *code.lines, RESTORE]
    drive = code.text("drive", "ptr %job, i64 %thread")
    parts = [*declared, MEET.replace("RELAX", relax), drive, f"attributes #0 = {{ {here.attributes} }}"]
    return "\n\n".join(parts) + "\n"
