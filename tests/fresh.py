"""Fresh processes for tests, each for the price of a copy.

Most of what ``python -c "import nege"`` takes is to import Numba, xarray and what these need. One
process has done that, and nothing of nege; it copies itself for each piece of code, as if that were
a session of its own. A test that is about how Python starts, what is imported, how a process ends,
or about kernels without the JIT, starts a process itself.
"""

import atexit
import functools
import gc
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import threading
import traceback


def run(code, folder=None, *, arguments=(), **environment):
    """Run code as ``python -W error -c`` would, in a folder; return what it printed."""
    done = attempt(code, folder, arguments=arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def attempt(code, folder=None, *, arguments=(), **environment):
    """Run code, and return how that ended."""
    assert "NUMBA_DISABLE_JIT" not in environment, "Numba is imported already"
    with tempfile.TemporaryDirectory() as name:
        out, err = pathlib.Path(name, "out"), pathlib.Path(name, "err")
        asked = {
            "code": textwrap.dedent(code),
            "arguments": ["-c", *map(str, arguments)],
            "folder": str(folder or name),  # not this one: its nege is not what is installed
            "environment": {**os.environ, **environment},
            "files": [os.devnull, str(out), str(err)],
        }
        process = _original()
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        status = int(process.stdout.readline())
        return subprocess.CompletedProcess(code, status, out.read_text(), err.read_text())


@functools.cache
def _original():
    process = subprocess.Popen(
        [sys.executable, "-P", "-W", "error", "-c", "import fresh; fresh.serve()"],
        env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests, with which it ends
    )
    atexit.register(process.stdout.close)  # at last
    atexit.register(process.wait)
    atexit.register(process.stdin.close)  # before
    return process


def serve():
    """Run each piece of code that is asked for in a copy of this process."""
    import numba
    import scipy.linalg
    import scipy.optimize  # noqa: F401
    import xarray  # noqa: F401

    numba.njit(lambda x: x + 1.0)(1.0)  # fills its tables of what it can compile
    gc.freeze()  # copies share what they do not search
    for line in sys.stdin:
        copy = os.fork()
        if copy == 0:
            _session(**json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])}\n")
        sys.stdout.flush()


def _session(code, arguments, folder, environment, files):
    """Run code as the main module; end without freeing all memory bit by bit."""
    # Python takes a file for unchanged that is as long, and as old to the second.
    sys.dont_write_bytecode = True
    import numba

    for number, path in enumerate(files):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    numba.config.reload_config()
    sys.argv[:] = arguments
    # In place of the folder of this file.
    sys.path[:1] = ["", *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    del sys.modules["fresh"], sys.modules["__main__"].fresh
    status = 0
    try:
        exec(compile(code, "<string>", "exec"), sys.modules["__main__"].__dict__)
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
