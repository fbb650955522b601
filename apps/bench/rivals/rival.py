"""The same work by CPython's multiprocessing: rival.py WORK KIND [cpus=0,1] [ms=200] [rounds=1000] [n=2]

Prints one JSON object; the works are those of rival.c, and `event`.
"""

import json
import mmap
import multiprocessing
import os
import signal
import sys
import time

work, kind = sys.argv[1:3]
options = dict(argument.split("=") for argument in sys.argv[3:])
cpus = [int(cpu) for cpu in options["cpus"].split(",")] if "cpus" in options else []
ms = int(options.get("ms", 200))
rounds = int(options.get("rounds", 1000))
sides = int(options.get("n", 2))

context = multiprocessing.get_context("fork")
now_ns = time.monotonic_ns


# The sides share these words. FIRST, SECOND and LAST are the counter, which is wrong if two sides were
# ever inside at once: LAST names the side that was inside last.
STOP, GO, PHASE, STAMP, FIRST, SECOND, LAST, SWITCHES = range(8)
READY, DONE, SAMPLES = 64, 128, 192
s = memoryview(mmap.mmap(-1, 8 * (SAMPLES + 10000))).cast("q")


def pin(side):
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {cpus[side % len(cpus)]})


def start(side, body, *arguments):
    def run():
        pin(side)
        body(side, *arguments)

    process = context.Process(target=run)
    process.start()
    return process


def await_phase(phase):
    while s[PHASE] != phase:
        time.sleep(0.0001)


def critical_section(me):
    s[FIRST] += 1
    if s[LAST] != me:
        s[LAST] = me
        s[SWITCHES] += 1
    s[SECOND] += 1


def tell(count=None, **result):
    correct = s[FIRST] == s[SECOND] and (count is None or s[FIRST] == count)
    print(json.dumps({**result, "correct": correct}))


def join(processes):
    for process in processes:
        process.join()


def pairs():
    lock = context.Lock()

    def side(me):
        acquire, release = lock.acquire, lock.release
        begin = now_ns()
        for _ in range(rounds):
            acquire()
            release()
        s[STAMP] = now_ns() - begin
        with lock:
            critical_section(me)

    join([start(0, side)])
    tell(1, value=s[STAMP] / rounds)


def contend():
    lock = context.Lock()
    s[LAST] = -1

    def side(me):
        s[READY + me] = 1
        while not s[GO]:
            time.sleep(0.0001)
        acquire, release = lock.acquire, lock.release
        done = 0
        while not s[STOP]:
            acquire()
            critical_section(me)
            release()
            done += 1
        s[DONE + me] = done

    processes = [start(i, side) for i in range(sides)]
    while sum(s[READY : READY + sides]) < sides:
        time.sleep(0.001)
    s[GO] = 1
    begin = now_ns()
    time.sleep(ms / 1000)
    s[STOP] = 1
    seconds = (now_ns() - begin) / 1e9
    join(processes)
    done = sum(s[DONE : DONE + sides])
    tell(done, value=done / seconds, switches=s[SWITCHES] / seconds)


def sample_trip(i, then):
    """How long a round trip took that began then and ends now, if it counts."""
    now = now_ns()
    if i >= 0:
        s[SAMPLES + i] = now - then
    return now


def pingpong():
    semaphores = [context.Semaphore(0), context.Semaphore(0)]

    def side(me):
        mine, yours = semaphores[me], semaphores[1 - me]
        last = now_ns()
        for i in range(-100, rounds):
            if me == 0:
                yours.release()
            mine.acquire()
            critical_section(me)
            if me == 1:
                yours.release()
            if me == 0:
                last = sample_trip(i, last)

    join([start(i, side) for i in range(2)])
    tell(2 * (rounds + 100), samples=s[SAMPLES : SAMPLES + rounds].tolist())


def wake():
    lock = context.Lock()

    def side(me):
        for i in range(rounds):
            if me == 0:
                lock.acquire()
                s[PHASE] = 1
                await_phase(2)
                time.sleep(0.001)
                s[STAMP] = now_ns()
                lock.release()
                await_phase(3)
            else:
                await_phase(1)
                s[PHASE] = 2
                lock.acquire()
                s[SAMPLES + i] = now_ns() - s[STAMP]
                critical_section(me)
                lock.release()
                s[PHASE] = 3
                while s[PHASE] == 3 and i + 1 < rounds:
                    time.sleep(0.0001)

    join([start(i, side) for i in range(2)])
    tell(rounds, samples=s[SAMPLES : SAMPLES + rounds].tolist())


def event():
    flag = context.Event()

    def side(me):
        for i in range(rounds):
            if me == 0:
                await_phase(2)
                time.sleep(0.001)
                s[STAMP] = now_ns()
                flag.set()
                await_phase(3)
                flag.clear()
                s[PHASE] = 1
            else:
                s[PHASE] = 2
                flag.wait()
                s[SAMPLES + i] = now_ns() - s[STAMP]
                critical_section(me)
                s[PHASE] = 3
                await_phase(1)

    join([start(i, side) for i in range(2)])
    tell(rounds, samples=s[SAMPLES : SAMPLES + rounds].tolist())


def signals():
    usr1 = signal.SIGUSR1
    parent = os.getpid()
    got = 0

    def count(_number, _frame):
        nonlocal got
        critical_section(0)
        got += 1

    def answer(number, _frame):
        nonlocal got
        critical_section(1)
        got += 1
        os.kill(parent, number)

    # pause() sleeps through a signal that came just before it; now and then the timer ends that.
    signal.signal(signal.SIGALRM, lambda _number, _frame: None)
    child = os.fork()
    pin(0)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    if child == 0:
        signal.signal(usr1, answer)
        s[GO] = 1
        while got < rounds:
            signal.pause()
        os._exit(0)
    signal.signal(usr1, count)
    while not s[GO]:
        time.sleep(0.001)
    last = now_ns()
    for i in range(rounds):
        os.kill(child, usr1)
        while got <= i:
            signal.pause()
        last = sample_trip(i, last)
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    tell(2 * rounds, samples=s[SAMPLES : SAMPLES + rounds].tolist())


works = {
    "pairs": pairs,
    "contend": contend,
    "pingpong": pingpong,
    "wake": wake,
    "event": event,
    "signals": signals,
}
works[work]()
