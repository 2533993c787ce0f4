#!/usr/bin/env python3
"""Runs a command in a terminal of its own, and types into it.

    tests/terminal.py COLUMNS WAIT KEYS COMMAND...

Once the command's output holds WAIT, KEYS is typed (\\x03 is Ctrl-C), one at a time, each a second after the one before; '' types
nothing, and _ is a second in which nothing is typed. What the terminal shows comes out, and the command's exit status is this one's.
"""
import os
import pty
import select
import signal
import sys
import time


def main():
    columns, wait, keys, command = sys.argv[1], sys.argv[2].encode(), sys.argv[3].encode().decode("unicode_escape"), sys.argv[4:]
    signal.alarm(180)  # what hangs is a failure
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("sh", ["sh", "-c", 'stty cols "$0" && exec "$@"', columns, *command])
    shown, due = b"", None
    while True:
        if due is None and wait in shown:
            due = time.monotonic()
        if keys and due is not None and time.monotonic() >= due:
            if keys[0] != "_":
                os.write(terminal, keys[0].encode())
            keys, due = keys[1:], time.monotonic() + 1
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                part = os.read(terminal, 4096)
            except OSError:
                part = b""
            if not part:
                break
            shown += part
    sys.stdout.buffer.write(shown)
    sys.stdout.flush()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
