#!/usr/bin/env python3
"""The library as a host in another language has it: by ctypes, with callbacks that raise exceptions, and with one main thread.

    tests/ffi.py BUILD_DIR

An exception in a callback of ctypes is printed, and the result is 0, which is CUTOVER_OK, or whatever was left on the stack. With
CUTOVER_STRICT_ANSWERS it is no answer.
"""
import ctypes as c
import faulthandler
import glob
import os
import queue
import re
import sys
import threading

BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"
HEADERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "include")
LIB = c.CDLL(f"{BUILD}/.libs/libcutover.so")

OK, E_CALLBACK = 0, -17
STRICT = 0x40000000
VOLATILE_STORE = 2
USER, MEMBER = 1, 1

Error = c.POINTER(c.c_void_p)
Emit = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)
ProjectGet = c.CFUNCTYPE(c.c_int, c.c_char_p, Emit, c.c_void_p, Error, c.c_void_p)
SetState = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, c.c_char_p, c.c_char_p, Error, c.c_void_p)
Deliver = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, Error, c.c_void_p)
Close = c.CFUNCTYPE(None, c.c_void_p)
Log = c.CFUNCTYPE(None, c.c_int, c.c_char_p, c.c_void_p)
Clock = c.CFUNCTYPE(c.c_int64, c.c_void_p)
StoreGet = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, c.c_void_p, c.c_void_p, Error, c.c_void_p)
StoreList = c.CFUNCTYPE(c.c_int, c.c_char_p, c.c_char_p, c.c_char_p, c.c_uint32, c.c_void_p, c.c_void_p, Error, c.c_void_p)
StoreCommit = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_size_t, Error, c.c_void_p)


class Store(c.Structure):
    _fields_ = [("version", c.c_uint), ("capabilities", c.c_uint32), ("userdata", c.c_void_p), ("get", StoreGet),
                ("list", StoreList), ("commit", StoreCommit), ("close", Close), ("max_commit_writes", c.c_uint32),
                ("max_list", c.c_uint32), ("max_body_bytes", c.c_uint64)]


class Platform(c.Structure):  # version 1
    _fields_ = [("version", c.c_uint), ("capabilities", c.c_uint32), ("userdata", c.c_void_p), ("project_get", ProjectGet),
                ("project_set_state", SetState), ("preview_get", ProjectGet), ("traffic_pause", c.c_void_p),
                ("traffic_resume", c.c_void_p), ("integrations_sync", c.c_void_p), ("preview_create", c.c_void_p)]


class Notifier(c.Structure):  # version 2
    _fields_ = [("version", c.c_uint), ("userdata", c.c_void_p), ("deliver", Deliver), ("close", Close),
                ("capabilities", c.c_uint32)]


class NamedNotifier(c.Structure):
    _fields_ = [("version", c.c_uint), ("attempts", c.c_uint32), ("name", c.c_char_p), ("notifier", c.POINTER(Notifier)),
                ("since", c.c_int64)]


class EngineOptions(c.Structure):  # version 1
    _fields_ = [("version", c.c_uint), ("policy", c.c_uint32), ("store", c.c_void_p), ("repository", c.c_void_p),
                ("platform", c.POINTER(Platform)), ("notifiers", c.POINTER(c.POINTER(NamedNotifier))),
                ("notifier_count", c.c_size_t), ("pg_bin_dir", c.c_char_p), ("work_dir", c.c_char_p), ("log", Log),
                ("log_userdata", c.c_void_p), ("clock", Clock), ("clock_userdata", c.c_void_p),
                ("connect_timeout_s", c.c_uint32), ("door_timeout_ms", c.c_uint32), ("maintenance_mem_mb", c.c_uint32),
                ("preview_notice_s", c.c_uint32)]


class Project(c.Structure):  # version 1
    _fields_ = [("version", c.c_uint), ("id", c.c_char_p), ("organization_id", c.c_char_p), ("state", c.c_char_p),
                ("database", c.c_char_p), ("control_database", c.c_char_p), ("verify_database", c.c_char_p),
                ("job_id", c.c_char_p)]


class Preview(c.Structure):
    _fields_ = [("version", c.c_uint), ("id", c.c_char_p), ("project_id", c.c_char_p), ("state", c.c_char_p),
                ("database", c.c_char_p), ("expires_at", c.c_int64)]


class Actor(c.Structure):
    _fields_ = [("version", c.c_uint), ("id", c.c_char_p), ("kind", c.c_int), ("roles", c.c_uint32)]


class RequestOptions(c.Structure):
    _fields_ = [("version", c.c_uint), ("actor", c.POINTER(Actor)), ("project_id", c.c_char_p), ("preview_id", c.c_char_p),
                ("customer_note", c.c_char_p), ("external_ticket_ref", c.c_char_p)]


class Delivery(c.Structure):
    _fields_ = [("version", c.c_uint), ("delivered", c.c_uint32), ("failed", c.c_uint32), ("waiting", c.c_uint32),
                ("given_up", c.c_uint32), ("busy", c.c_uint32)]


for name, result in (("cutover_error_message", c.c_char_p), ("cutover_error_hint", c.c_char_p), ("cutover_version", c.c_char_p),
                     ("cutover_request_id", c.c_char_p)):
    getattr(LIB, name).restype = result
    getattr(LIB, name).argtypes = [] if name == "cutover_version" else [c.c_void_p]
LIB.cutover_engine_free.argtypes = LIB.cutover_error_free.argtypes = LIB.cutover_request_free.argtypes = [c.c_void_p]
LIB.cutover_error_new.restype = c.c_void_p
LIB.cutover_error_new.argtypes = [c.c_int, c.c_char_p, c.c_char_p, c.c_char_p]
LIB.cutover_request_free.restype = LIB.cutover_error_free.restype = LIB.cutover_engine_free.restype = None


class Failed(Exception):
    def __init__(self, status, message, hint):
        super().__init__(f"{status}: {message}")
        self.status, self.message, self.hint = status, message, hint


def call(function, *arguments):
    """Calls it with an error of its own; raises what it answers."""
    error = c.c_void_p()
    status = function(*arguments, c.byref(error))
    if status != OK:
        message, hint = LIB.cutover_error_message(error), LIB.cutover_error_hint(error)
        LIB.cutover_error_free(error)
        raise Failed(status, message.decode(), (hint or b"").decode())


class Host:
    """A host with one project and one preview, in which callbacks can be made to raise."""

    def __init__(self, strict=STRICT, log=None, store=None):
        self.raises, self.strict = set(), strict
        self.store, self.repository, self.platform = Store(), c.create_string_buffer(256), Platform()
        self.notifier, self.named, options = Notifier(), NamedNotifier(), EngineOptions()
        assert LIB.cutover_platform_init(c.byref(self.platform), 1) == OK
        assert LIB.cutover_notifier_init(c.byref(self.notifier), 2) == OK
        assert LIB.cutover_named_notifier_init(c.byref(self.named), 1) == OK
        assert LIB.cutover_engine_options_init(c.byref(options), 1) == OK
        assert LIB.cutover_store_init(c.byref(self.store), 2) == OK
        assert LIB.cutover_repository_init(c.byref(self.repository), 1) == OK
        self.folder = FOLDER
        if store is None:
            call(LIB.cutover_store_memory_open, c.byref(self.store))
        else:
            self.store = store
        call(LIB.cutover_repository_directory_open, self.folder.encode(), c.byref(self.repository))
        self.platform.capabilities = self.notifier.capabilities = strict
        self.platform.project_get = ProjectGet(self.project_get)
        self.platform.project_set_state = SetState(self.set_state)
        self.platform.preview_get = ProjectGet(self.preview_get)
        self.notifier.deliver, self.notifier.close = Deliver(self.deliver), Close(lambda userdata: None)
        self.named.name, self.named.notifier = b"bus", c.pointer(self.notifier)
        self.list = (c.POINTER(NamedNotifier) * 1)(c.pointer(self.named))
        options.policy = VOLATILE_STORE | strict
        options.store, options.repository = c.addressof(self.store), c.addressof(self.repository)
        options.platform, options.notifiers, options.notifier_count = c.pointer(self.platform), self.list, 1
        self.log = Log(log) if log else Log()
        options.log = self.log
        self.engine, self.options = c.c_void_p(), options
        call(LIB.cutover_engine_new, c.byref(options), c.byref(self.engine))

    def close(self):
        LIB.cutover_engine_free(self.engine)
        LIB.cutover_repository_close(c.byref(self.repository))

    def answer(self, name, status=OK):
        if name in self.raises:
            raise RuntimeError(f"{name} broke down")
        return LIB.cutover_answer(status)

    def project_get(self, _id, emit, context, _error, _userdata):
        self.answer("project_get")
        project = Project(1, b"shop", b"", b"active", b"host=/nowhere dbname=shop")
        return self.answer("project_get", emit(c.addressof(project), context))

    def preview_get(self, _id, emit, context, _error, _userdata):
        self.answer("preview_get")
        preview = Preview(1, b"next", b"shop", b"ready", b"host=/nowhere dbname=next", 0)
        return self.answer("preview_get", emit(c.addressof(preview), context))

    def set_state(self, *_):
        return self.answer("set_state")

    def deliver(self, *_):
        return self.answer("deliver")

    def request(self):
        """Creates a request, and returns its id."""
        actor = Actor(1, b"anna", USER, MEMBER)
        options, request = RequestOptions(1, c.pointer(actor), b"shop", b"next", None, None), c.c_void_p()
        call(LIB.cutover_request_create, self.engine, c.byref(options), c.byref(request))
        found = LIB.cutover_request_id(request)
        LIB.cutover_request_free(request)
        return found

    def read(self, request):
        found = c.c_void_p()
        call(LIB.cutover_request_get, self.engine, request, c.byref(found))
        LIB.cutover_request_free(found)

    def send(self):
        counts = Delivery(1)
        call(LIB.cutover_events_deliver, self.engine, None, c.byref(counts))
        return counts


def expect(status, text, function):
    try:
        function()
    except Failed as failed:
        assert failed.status == status and text in failed.message, failed
        return failed
    raise AssertionError(f"it succeeded, and should have failed with {status}: {text}")


def an_event_that_nobody_took_is_not_delivered():
    host = Host()
    host.request()
    host.raises = {"deliver"}
    counts = host.send()
    assert (counts.delivered, counts.failed) == (0, 1), (counts.delivered, counts.failed)
    host.close()
    host = Host()
    host.request()
    counts = host.send()
    assert (counts.delivered, counts.failed) == (1, 0), (counts.delivered, counts.failed)
    host.close()


def a_platform_that_broke_down_fails_the_call():
    host = Host()
    host.raises = {"project_get"}
    failed = expect(E_CALLBACK, "platform.project_get gave no answer", host.request)
    assert "cutover_answer()" in failed.hint, failed.hint
    host.raises = {"preview_get"}
    expect(E_CALLBACK, "platform.preview_get gave no answer", host.request)
    host.raises = set()
    host.request()
    host.close()


def a_store_that_broke_down_fails_the_call():

    def broken(*_):
        raise RuntimeError("the store broke down")

    store = Store(2, STRICT, None, StoreGet(broken), StoreList(broken), StoreCommit(broken), Close(lambda userdata: None))
    host = Host(store=store)
    expect(E_CALLBACK, "gave no answer", host.request)
    expect(E_CALLBACK, "store.get gave no answer", lambda: host.read(b"01a20271-d223-7b43-a16d-2f383e24148c"))
    host.close()


def older_hosts_go_on_as_before():
    """Without the bit it counts what a callback returns."""
    host = Host(strict=0)
    request = host.request()
    host.read(request)
    assert host.send().delivered == 1
    host.close()


def a_log_callback_that_waits_for_the_main_thread_comes_through():
    """The worker's line is handed to the main thread, which has one of its own meanwhile."""
    main, lines, asked = threading.main_thread(), queue.Queue(), threading.Event()
    taken = []

    def log(_level, line, _userdata):
        if threading.current_thread() is main:
            taken.append(line)
            return
        answered = threading.Event()
        lines.put((line, answered))
        asked.set()
        answered.wait()

    host = Host(log=log)
    request = host.request()
    host.raises = {"preview_get"}
    worker = threading.Thread(target=host.read, args=(request,))
    worker.start()
    asked.wait()
    host.read(request)  # logs, too: with a lock around the callback this is where it ended
    while worker.is_alive() or not lines.empty():
        try:
            line, answered = lines.get(timeout=0.05)
        except queue.Empty:
            continue
        taken.append(line)
        answered.set()
    worker.join()
    assert len(taken) == 2 and all(b"has expired is not known" in line for line in taken), taken
    host.close()


def the_version_is_a_string_and_a_number():
    major, minor, patch = map(int, LIB.cutover_version().decode().split("."))
    assert LIB.cutover_version_number() == major * 10000 + minor * 100 + patch


def functions_with_an_error():
    """Each public function whose last parameter is an error, with how many it has."""
    for header in sorted(glob.glob(f"{HEADERS}/cutover/*.h")):
        with open(header, encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        for name, parameters in re.findall(r"CUTOVER_API[^;]*?(cutover_\w+)\(([^;]*?)\);", text):
            if re.search(r"cutover_error \*\*error$", parameters):
                yield name, parameters.count(",") + 1


def an_error_of_before_is_never_that_of_a_new_failure():
    """With nothing for every argument each of them fails, and says why, whatever the variable held."""
    libraries = [LIB, c.CDLL(f"{BUILD}/.libs/libcutover-conformance.so")]
    found, wrong = 0, []
    for name, parameters in functions_with_an_error():
        function = next(getattr(library, name) for library in libraries if hasattr(library, name))
        old = LIB.cutover_error_new(-4, b"the old text", None, None)
        error = c.c_void_p(old)
        status = function(*([None] * (parameters - 1)), c.byref(error))
        message = LIB.cutover_error_message(error)
        if status >= 0 or message in (b"", b"the old text"):
            wrong.append((name, status, message))
        check_form(name, message.decode())
        LIB.cutover_error_free(error)
        if error.value != old:
            LIB.cutover_error_free(old)
        found += 1
    assert not wrong and found >= 50, (wrong, found)


def check_form(name, message):
    """A message is a sentence, or "MEMBER: what is wrong with it": no doubled colons, nothing missing between two marks."""
    assert not re.search(r": required: |: [a-z ]+: required|\bis ,|, ,| {2}|\(\)|: *$|^ *:|%[a-z]|\(null\)", message), (name, message)


CASES = [
    an_error_of_before_is_never_that_of_a_new_failure,
    an_event_that_nobody_took_is_not_delivered,
    a_platform_that_broke_down_fails_the_call,
    a_store_that_broke_down_fails_the_call,
    older_hosts_go_on_as_before,
    a_log_callback_that_waits_for_the_main_thread_comes_through,
    the_version_is_a_string_and_a_number,
]


def main():
    import tempfile

    global FOLDER
    failed = 0
    sys.unraisablehook = lambda raised: None  # the exceptions that are meant
    faulthandler.dump_traceback_later(120, exit=True)  # what hangs is a failure
    for case in CASES:
        with tempfile.TemporaryDirectory() as FOLDER:
            try:
                case()
            except (AssertionError, Failed) as found:
                failed += 1
                print(f"ffi: {case.__name__}: {found!r}")
    print(f"ffi: {len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


FOLDER = ""
if __name__ == "__main__":
    sys.exit(main())
